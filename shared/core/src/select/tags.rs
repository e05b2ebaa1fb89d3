//! Which deployments of a group a call's tags leave. Must not know of health, limits or the client's sentence.
//!
//! A tag names what a deployment may carry, `&tag` demands it, `!tag` forbids it; `default` marks who serves the
//! rest. Source: `router_strategy/tag_based_routing.py` of LiteLLM 1.106.2.

mod pattern;

pub use pattern::Pattern;

const DEFAULT: &str = "default";

/// What the router's settings say of tags.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// `enable_tag_filtering`.
    pub is_on: bool,
    /// `tag_filtering_match_any`: one tag in common is enough; otherwise the deployment carries all the call's.
    pub match_any: bool,
    /// `tag_routing_prefix`: what a caller writes before a tag that is meant for routing alone.
    pub prefix: String,
}

impl Default for Settings {
    /// As LiteLLM's router: off, and any tag matches.
    fn default() -> Self {
        Self { is_on: false, match_any: true, prefix: String::new() }
    }
}

/// What one deployment says of tags; read once from the configuration.
#[derive(Debug, Default)]
pub struct Tags {
    /// `litellm_params.tags`.
    pub tags: Vec<String>,
    /// `litellm_params.tag_regex`, searched in `User-Agent: …`.
    pub patterns: Vec<Pattern>,
    /// `model_info.allow_fail_open`: tags that nobody satisfies are forgotten rather than refused.
    pub allow_fail_open: bool,
}

impl Tags {
    /// Compiles the patterns; a warning is logged of one that cannot be.
    pub fn new(tags: Vec<String>, tag_regex: &[String], allow_fail_open: bool) -> Self {
        let patterns = tag_regex.iter().map(|pattern| Pattern::new(pattern)).collect();
        Self { tags, patterns, allow_fail_open }
    }

    fn carry(&self, name: &str) -> bool {
        self.tags.iter().any(|tag| tag == name)
    }
}

/// What the call says.
pub struct Asked<'a> {
    /// The call's tags, the key's and the team's among them; `None` where there is no metadata at all.
    pub tags: Option<&'a [String]>,
    /// The client's `User-Agent`.
    pub user_agent: Option<&'a str>,
    /// The tags that the key or the team brought, which failing open must not forget; `None` where that is unknown.
    pub inherited: Option<&'a [String]>,
}

/// No deployment may serve the call. The caller makes the sentence:
/// `Not allowed to access model due to tags configuration. Passed model={model} and tags={shown(tags)}`.
#[derive(Debug, PartialEq, Eq)]
pub struct Unsatisfiable;

/// Those of `left` that may serve, in order.
///
/// `all` is every deployment of the group, `left` the places in `all` of those still in the race. Whether filtering
/// is on is for the caller to decide.
pub fn filter(settings: &Settings, all: &[&Tags], left: &[u32], asked: &Asked<'_>) -> Result<Vec<u32>, Unsatisfiable> {
    let group = Group { all, left };
    let (Some(tags), false) = (asked.tags, left.is_empty()) else { return Ok(group.defaults(left)) };
    let demands = Demands::new(tags, &settings.prefix);
    let candidates = group.kept(left, |tags| demands.permit(tags));
    let header = group.header(&candidates, asked.user_agent);
    let is_header_wanted = header.is_some() && demands.required.is_empty();
    let pool = if is_header_wanted || !demands.positive.is_empty() {
        let wanted = Wanted { demands: &demands, header: header.as_deref(), match_any: settings.match_any };
        group.chosen(&candidates, &wanted)
    } else if demands.required.is_empty() {
        group.kept(&group.defaults(left), |tags| demands.permit(tags))
    } else {
        candidates
    };
    if !pool.is_empty() {
        return Ok(pool);
    }
    let inherited = Demands::new(asked.inherited.unwrap_or_default(), &settings.prefix);
    group.fail_open(&demands, &inherited)
}

/// The tags as Python prints the list, for the sentence of a refusal.
pub fn shown(tags: Option<&[String]>) -> String {
    tags.map_or_else(|| "None".to_owned(), crate::config::python::list)
}

/// A call's tags, told apart; without their marks and the routing prefix.
#[derive(Default)]
struct Demands<'a> {
    required: Vec<&'a str>,
    positive: Vec<&'a str>,
    excluded: Vec<&'a str>,
    /// Those that came with the routing prefix: they are meant for this group even if nobody in it carries them.
    declared: Vec<&'a str>,
}

impl<'a> Demands<'a> {
    fn new(tags: &'a [String], prefix: &str) -> Self {
        let mut demands = Self::default();
        for tag in tags {
            let stripped = if prefix.is_empty() { None } else { tag.strip_prefix(prefix) };
            let tag = stripped.unwrap_or(tag);
            let (kind, name) = if let Some(name) = tag.strip_prefix('&') {
                (&mut demands.required, name)
            } else if let Some(name) = tag.strip_prefix('!') {
                (&mut demands.excluded, name)
            } else {
                (&mut demands.positive, tag)
            };
            // A mark that nothing follows demands nothing; an empty tag without a mark is a tag.
            if name.is_empty() && !tag.is_empty() {
                continue;
            }
            kind.push(name);
            if stripped.is_some() {
                demands.declared.push(name);
            }
        }
        demands
    }

    fn permit(&self, tags: &Tags) -> bool {
        self.required.iter().all(|name| tags.carry(name)) && !self.excluded.iter().any(|name| tags.carry(name))
    }

    /// What of these demands a key or a team makes too.
    fn backed_by(&self, inherited: &Demands<'_>) -> Self {
        let mut backed = Self::default();
        backed.required.extend(self.required.iter().filter(|name| inherited.required.contains(name)));
        backed.excluded.extend(self.excluded.iter().filter(|name| inherited.excluded.contains(name)));
        backed
    }
}

/// How a deployment is chosen among those the demands permit.
struct Wanted<'a> {
    demands: &'a Demands<'a>,
    header: Option<&'a str>,
    match_any: bool,
}

impl Wanted<'_> {
    fn fit(&self, tags: &Tags) -> bool {
        let positive = &self.demands.positive;
        let shares = if self.match_any {
            positive.iter().any(|name| tags.carry(name))
        } else {
            !positive.is_empty() && positive.iter().all(|name| tags.carry(name))
        };
        if shares {
            return true;
        }
        // Where all tags must match, a header does not make up for those that did not.
        let is_strict = !self.match_any && !tags.tags.is_empty();
        let Some(header) = self.header else { return false };
        !is_strict && tags.patterns.iter().any(|pattern| pattern.is_match(header))
    }
}

struct Group<'a> {
    all: &'a [&'a Tags],
    left: &'a [u32],
}

impl Group<'_> {
    fn kept(&self, pool: &[u32], may_stay: impl Fn(&Tags) -> bool) -> Vec<u32> {
        pool.iter().copied().filter(|place| self.at(*place).is_some_and(&may_stay)).collect()
    }

    fn has(&self, pool: &[u32], is_sought: impl Fn(&Tags) -> bool) -> bool {
        pool.iter().any(|place| self.at(*place).is_some_and(&is_sought))
    }

    fn at(&self, place: u32) -> Option<&Tags> {
        self.all.get(usize::try_from(place).ok()?).copied()
    }

    /// Those marked `default`; everyone where nobody is.
    fn defaults(&self, pool: &[u32]) -> Vec<u32> {
        let marked = self.kept(pool, |tags| tags.carry(DEFAULT));
        if marked.is_empty() { pool.to_vec() } else { marked }
    }

    /// What the patterns are searched in, where there are any.
    fn header(&self, candidates: &[u32], user_agent: Option<&str>) -> Option<String> {
        let user_agent = user_agent.filter(|text| !text.is_empty())?;
        self.has(candidates, |tags| !tags.patterns.is_empty()).then(|| format!("User-Agent: {user_agent}"))
    }

    /// Those that fit; else the defaults, unless someone in the group, in the race or not, carries a tag asked for.
    fn chosen(&self, candidates: &[u32], wanted: &Wanted<'_>) -> Vec<u32> {
        let fitting = self.kept(candidates, |tags| wanted.fit(tags));
        if !fitting.is_empty() || self.knows(wanted.demands) {
            return fitting;
        }
        self.kept(candidates, |tags| tags.carry(DEFAULT))
    }

    fn knows(&self, demands: &Demands<'_>) -> bool {
        let carried = |name: &&str| self.all.iter().any(|tags| tags.carry(name));
        demands.positive.iter().any(|name| demands.declared.contains(name) || carried(name))
    }

    fn fail_open(&self, demands: &Demands<'_>, inherited: &Demands<'_>) -> Result<Vec<u32>, Unsatisfiable> {
        let is_open = self.has(self.left, |tags| tags.allow_fail_open);
        if !is_open || self.is_answer_hidden(demands) {
            return Err(Unsatisfiable);
        }
        let backed = demands.backed_by(inherited);
        let trusted = self.kept(self.left, |tags| backed.permit(tags));
        if trusted.is_empty() { Err(Unsatisfiable) } else { Ok(self.defaults(&trusted)) }
    }

    /// Whether a demand that nobody ever heard of is all that keeps the others from an answer: inventing one must
    /// not be a way around them.
    fn is_answer_hidden(&self, demands: &Demands<'_>) -> bool {
        let is_known = |name: &&str| demands.declared.contains(name) || self.has(self.left, |tags| tags.carry(name));
        let known = Demands {
            required: demands.required.iter().copied().filter(is_known).collect(),
            excluded: demands.excluded.clone(),
            ..Demands::default()
        };
        let some_are_known = !known.required.is_empty() && known.required.len() < demands.required.len();
        some_are_known && self.has(self.left, |tags| known.permit(tags))
    }
}

#[cfg(test)]
mod tests;
