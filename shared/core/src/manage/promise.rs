//! Guaranteed throughput: what is promised to keys or teams is no more than there is to promise.

use crate::Error;
use crate::denial::Denial;
use crate::directory::{Columns, Row};

const GUARANTEED: &str = "guaranteed_throughput";
const LIMITS: [(&str, &str, &str); 2] =
    [("RPM", "rpm_limit", "model_rpm_limit"), ("TPM", "tpm_limit", "model_tpm_limit")];

/// Who promises: a team or an organization, its limits, and its metadata, which has those of single models.
#[derive(Clone, Copy)]
pub struct Promiser<'a> {
    pub what: &'static str,
    pub limits: &'a Row,
    pub metadata: Option<&'a Row>,
}

/// Whether a request asks for a guarantee. LiteLLM looks into its metadata, too, where the fields are folded into it.
pub fn is_asked(sent: &Row, metadata: Option<&Row>) -> bool {
    let kind = |name: &str| sent.text(name).or_else(|| metadata?.get(name)?.as_str());
    kind("tpm_limit_type") == Some(GUARANTEED) || kind("rpm_limit_type") == Some(GUARANTEED)
}

/// Whether what is asked for is left, beside what the others were promised. `whose` is what LiteLLM calls them.
///
/// # Errors
/// 400 with what is promised already.
pub fn check(others: &[Row], sent: &Row, whose: &str, promiser: Promiser<'_>) -> Result<(), Error> {
    for (kind, limit, models) in LIMITS {
        let metadata = sent.object("metadata");
        let of_models = sent.object(models).or_else(|| metadata?.get(models)?.as_object());
        for (model, asked) in of_models.into_iter().flatten() {
            let of_model = |other: &Row| other.object("metadata")?.get(models)?.get(model)?.as_i64();
            let promised: i64 = others.iter().filter_map(of_model).sum();
            let own = promiser.metadata.and_then(|metadata| metadata.get(models)?.get(model)?.as_i64());
            let most = promiser.limits.whole(limit).or(own.filter(|most| *most != 0));
            check_one((kind, whose), (promised, asked.as_i64(), most), promiser.what)?;
        }
        let promised: i64 = others.iter().filter_map(|other| other.whole(limit)).sum();
        check_one((kind, whose), (promised, sent.whole(limit), promiser.limits.whole(limit)), promiser.what)?;
    }
    Ok(())
}

fn check_one(
    (kind, whose): (&str, &str),
    (promised, asked, most): (i64, Option<i64>, Option<i64>),
    promiser: &str,
) -> Result<(), Error> {
    let (Some(asked), Some(most)) = (asked, most) else { return Ok(()) };
    if promised.saturating_add(asked) <= most {
        return Ok(());
    }
    let sentence = format!(
        "Allocated {kind} limit={promised} + {whose} {kind} limit={asked} is greater than {promiser} {kind} limit={most}"
    );
    Err(Denial::management(400, sentence).into())
}
