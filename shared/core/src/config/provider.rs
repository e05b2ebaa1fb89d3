//! Whether the provider of a deployment can be told, and whether it can be served yet.

use tollgate_wire::provider::{Unresolved, resolve};

use super::model::Model;
use super::notice::{Kind, Notice};

/// Says what calls to this deployment would run into.
pub(super) fn inspect(model: &Model, path: &str, notices: &mut Vec<Notice>) {
    let params = &model.params;
    // A bare wildcard tells its provider only with the name of a call.
    if params.model == "*" {
        return;
    }
    let resolved = resolve(&params.model, params.custom_llm_provider.as_deref(), params.api_base.as_deref());
    let notice = match resolved {
        Ok(resolved) if resolved.provider.is_untranslated() => {
            let name = resolved.provider.name;
            let group = &model.group;
            let message = format!("provider `{name}` is known but not translated yet: calls of `{group}` are refused");
            Notice::warning(Kind::NotYet, &model.place, message)
        }
        Ok(_) => return,
        Err(Unresolved::NoProvider { model: name }) => {
            let reason = format!("no provider can be told from `{name}`; write `provider/{name}`");
            Notice::skipped(&model.place, &model.group, &reason)
        }
        Err(error) => Notice::skipped(&model.place, &model.group, &error.to_string()),
    };
    notices.push(notice.at(format!("{path}.litellm_params.model")));
}
