//! What LiteLLM's map says of a model behind Bedrock. Decides nothing.

use std::cell::OnceCell;

use super::name;
use crate::models::{self, Capability};

/// What the map says beyond [`models`]; the columns are those of `data/generate_bedrock.py`.
static TABLE: &str = include_str!("../../../data/bedrock.tsv");

/// What every Claude can do, be it older than the families that [`models`] knows.
const CLAUDE: [Capability; 8] = [
    Capability::FunctionCalling,
    Capability::ParallelFunctionCalling,
    Capability::ToolChoice,
    Capability::Vision,
    Capability::PromptCaching,
    Capability::ResponseSchema,
    Capability::PdfInput,
    Capability::SystemMessages,
];

/// A yes or no of the map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Flag {
    /// `disable_parallel_tool_use` may be sent.
    ParallelConfig = b'P',
    /// `toolSpec.strict` is taken.
    StrictTools = b'S',
    /// Cache points are taken.
    CacheBreakpoint = b'B',
    /// Patterns of schemas may look ahead and behind.
    Lookaround = b'L',
    /// A tool may be demanded.
    ForcedTool = b'F',
    /// Reasoning cannot be switched off.
    AlwaysThinks = b'A',
    /// `output_config` is taken.
    OutputConfig = b'C',
    /// Caches are kept for an hour on demand.
    HourCache = b'H',
}

/// A model, with the names under which the map may know it.
#[derive(Clone, Debug)]
pub(super) struct Model<'a> {
    /// As the deployment names it, without LiteLLM's prefixes.
    pub name: &'a str,
    /// Without region and area too.
    pub base: &'a str,
    /// The flags under each of the names: looked up once, for every message and tool asks for some.
    flags: OnceCell<[&'static str; 3]>,
    takes_cache_points: OnceCell<bool>,
}

impl<'a> Model<'a> {
    pub fn new(model: &'a str) -> Self {
        Self {
            name: name::without_prefixes(model),
            base: name::base(model),
            flags: OnceCell::new(),
            takes_cache_points: OnceCell::new(),
        }
    }

    pub fn is_claude(&self) -> bool {
        self.base.starts_with("anthropic")
    }

    pub fn is_nova(&self) -> bool {
        self.base.starts_with("amazon.nova")
    }

    /// GPT-5 and later, whose reasoning is told as OpenAI does.
    pub fn is_gpt(&self) -> bool {
        has_digit_behind(self.name, "openai.gpt-") || has_digit_behind(self.base, "openai.gpt-")
    }

    /// Models that refuse answers of fewer than 16 tokens.
    pub fn has_least_output(&self) -> bool {
        has_digit_behind(self.name, "openai.gpt-") || self.name.contains("xai.grok-")
    }

    /// Nova 2, whose reasoning has a configuration of its own.
    pub fn is_nova_2(&self) -> bool {
        let bare = ["us.", "eu.", "apac."].iter().find_map(|area| self.name.strip_prefix(area)).unwrap_or(self.name);
        bare.starts_with("amazon.nova-2-")
    }

    pub fn is_deepseek(&self) -> bool {
        self.name.contains("deepseek")
    }

    pub fn is_deepseek_r1(&self) -> bool {
        self.name.contains("deepseek.r1")
    }

    /// Whether temperature and the like may be set.
    pub fn samples(&self) -> bool {
        self.declares(Capability::SamplingParameters).unwrap_or(true)
    }

    /// Whether the model may be told to call one tool at a time.
    pub fn configures_parallel_tools(&self) -> bool {
        self.flag(Flag::ParallelConfig) == Some(true)
    }

    /// Whether a tool cannot be demanded of the model.
    pub fn refuses_demands(&self) -> bool {
        self.flag(Flag::ForcedTool) == Some(false)
    }

    /// What the map declares, under whichever name says anything.
    pub fn flag(&self, flag: Flag) -> Option<bool> {
        let letter = flag as u8;
        let flags = |name| models::find_line(TABLE, name).and_then(|line| line.split('\t').nth(1)).unwrap_or_default();
        self.flags.get_or_init(|| self.names().map(flags)).iter().find_map(|flags| {
            let found = flags.bytes().find(|byte| byte.eq_ignore_ascii_case(&letter))?;
            Some(found == letter)
        })
    }

    /// The highest effort that Bedrock takes for this model.
    pub fn effort_ceiling(&self) -> Option<&'static str> {
        let line = self.names().into_iter().find_map(|name| models::find_line(TABLE, name))?;
        line.split('\t').nth(2).filter(|ceiling| !ceiling.is_empty())
    }

    /// Whether the map says that the model can do this.
    pub fn can(&self, capability: Capability) -> bool {
        self.declares(capability) == Some(true)
    }

    /// What the map declares of a capability: the first entry that says anything.
    pub fn declares(&self, capability: Capability) -> Option<bool> {
        let declared = self.names().into_iter().find_map(|name| models::find(name)?.declares(capability));
        let is_unknown_claude = || self.is_claude() && !self.is_mapped();
        declared
            .or_else(|| models::of_claude_family(self.base, capability))
            .or_else(|| (is_unknown_claude() && CLAUDE.contains(&capability)).then_some(true))
    }

    /// Whether the map has the model at all.
    pub fn is_mapped(&self) -> bool {
        [self.name, self.base].into_iter().any(|name| models::find(name).is_some())
    }

    /// LiteLLM's `bedrock_model_accepts_cache_points`: what the map does not know is trusted to cache.
    pub fn takes_cache_points(&self) -> bool {
        *self.takes_cache_points.get_or_init(|| self.caches())
    }

    fn caches(&self) -> bool {
        let is_openai = ["openai.", ".openai.", "/openai."].iter().enumerate().any(|(place, mark)| match place {
            0 => self.name.starts_with(mark),
            _ => self.name.contains(mark),
        });
        if is_openai {
            return false;
        }
        self.flag(Flag::CacheBreakpoint).unwrap_or_else(|| !self.is_mapped() || self.can(Capability::PromptCaching))
    }

    /// The names to look under: as given, its base, and the base without its version (`-v1:0`).
    fn names(&self) -> [&'a str; 3] {
        [self.name, self.base, without_version(self.base)]
    }
}

/// `anthropic.claude-opus-4-7-v1:0` → `anthropic.claude-opus-4-7`.
fn without_version(name: &str) -> &str {
    let Some((rest, version)) = name.rsplit_once("-v") else { return name };
    let (major, minor) = version.split_once(':').unwrap_or((version, "0"));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number(major) && is_number(minor) { rest } else { name }
}

fn has_digit_behind(text: &str, mark: &str) -> bool {
    text.match_indices(mark).any(|(place, _)| text.as_bytes().get(place + mark.len()).is_some_and(u8::is_ascii_digit))
}
