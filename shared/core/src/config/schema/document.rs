//! The top level of the document, and the entries of its lists.
//!
//! LiteLLM ignores any other key here without a word.

use super::general_settings::GENERAL_SETTINGS;
use super::litellm_params::LITELLM_PARAMS;
use super::litellm_settings::LITELLM_SETTINGS;
use super::model_info::MODEL_INFO;
use super::router_settings::ROUTER_SETTINGS;
use super::{Group, Kind, Section, Unknown, acted, later};

pub(in crate::config) static DOCUMENT: Section = Section { groups: &[KEYS], unknown: Unknown::MisspeltUnlessExtension };

const KEYS: &[Group] = &[
    acted(Kind::Sections(&MODEL), &["model_list"]),
    acted(Kind::Section(&LITELLM_SETTINGS), &["litellm_settings"]),
    acted(Kind::Section(&ROUTER_SETTINGS), &["router_settings"]),
    acted(Kind::Section(&GENERAL_SETTINGS), &["general_settings"]),
    acted(Kind::Map, &["environment_variables"]),
    acted(Kind::TextList, &["include"]),
    acted(Kind::Sections(&CREDENTIAL), &["credential_list"]),
    later("guardrails are not run, so requests pass unguarded", Kind::Sections(&GUARDRAIL), &["guardrails"]),
    later("guardrails are not run, so requests pass unguarded", Kind::Any, &["policies", "policy_attachments"]),
    later("logging callbacks are not run", Kind::Map, &["callback_settings"]),
    acted(Kind::Map, &["default_vertex_config"]),
    later("pass-through routes belong into `general_settings`", Kind::Any, &["pass_through_endpoints"]),
    later("prompts are not managed", Kind::List, &["prompts"]),
    later("mcp and tools are not served", Kind::Any, &["mcp_servers", "mcp_tools", "sandbox_tools"]),
    acted(Kind::Sections(&SEARCH_TOOL), &["search_tools"]),
    later("agents are not served", Kind::Any, &["agents", "agent_list"]),
    later("vector stores are not served", Kind::Any, &["vector_store_registry"]),
    later("assistants are not served", Kind::Any, &["assistant_settings"]),
    acted(Kind::Sections(&LITELLM_PARAMS), &["files_settings", "finetune_settings"]),
    later("there is no control plane", Kind::Any, &["worker_registry"]),
    later(
        "cost discounts and margins belong into `litellm_settings`",
        Kind::Any,
        &["cost_discount_config", "cost_margin_config"],
    ),
];

/// An entry of `model_list`.
static MODEL: Section = Section::strict(&[&[
    acted(Kind::Text, &["model_name"]),
    acted(Kind::Section(&LITELLM_PARAMS), &["litellm_params"]),
    acted(Kind::Section(&MODEL_INFO), &["model_info"]),
    acted(Kind::Count, &["tpm", "rpm"]),
    later("input and output tokens a minute are not limited apart", Kind::Count, &["itpm", "otpm"]),
    later("deployments are not paused", Kind::Flag, &["blocked"]),
    later("this way of choosing a deployment is not used", Kind::Any, &["model_config", "order", "weight"]),
]]);

static CREDENTIAL: Section = Section::strict(&[&[
    acted(Kind::Text, &["credential_name", "display_name", "source"]),
    acted(Kind::Section(&LITELLM_PARAMS), &["credential_values"]),
    acted(Kind::Map, &["credential_info"]),
    acted(Kind::Any, &["credential_values_to_delete"]),
]]);

/// An entry of `search_tools`.
static SEARCH_TOOL: Section = Section::strict(&[&[
    acted(Kind::Text, &["search_tool_name", "search_tool_id"]),
    acted(Kind::Section(&LITELLM_PARAMS), &["litellm_params"]),
    acted(Kind::Map, &["search_tool_info"]),
]]);

static GUARDRAIL: Section = Section::strict(&[&[
    acted(Kind::Text, &["guardrail_id", "guardrail_name"]),
    acted(Kind::Section(&GUARDRAIL_PARAMS), &["litellm_params"]),
    acted(Kind::Any, &["guardrail_info", "policy_template", "created_at", "updated_at", "callbacks", "default_on"]),
]]);

/// Each of some fifty integrations has keys of its own here.
static GUARDRAIL_PARAMS: Section =
    Section { groups: &[&[acted(Kind::NameOrPython, &["guardrail"])]], unknown: Unknown::Free };
