use std::time::{Duration, SystemTime};

use http::HeaderMap;
use tollgate_wire::failure::{Failure, FailureClass};

use super::{Fault, is_passing, retry_after_s};
use crate::Error;
use crate::config::Config;
use crate::config::tests::fake::served;
use crate::deployment::Deployment;
use crate::select::{Refusal, RefusalKind};

/// A failure of this kind, of which nothing else is known.
pub(super) const fn fault(class: FailureClass, status: u16) -> Fault {
    let is_timeout = matches!(class, FailureClass::Timeout);
    Fault {
        class,
        status,
        retry_after_s: None,
        is_timeout,
        is_clients_limit: false,
        is_own: false,
        is_connection: false,
    }
}

/// One deployment with these `litellm_params` and this `model_info`, and the configuration with these sections.
pub(super) fn set_up(params: &str, info: &str, sections: &str) -> (Config, Deployment) {
    let entry =
        format!("{{model_name: g, litellm_params: {{model: openai/m, api_key: k, {params}}}, model_info: {{{info}}}}}");
    let config = served(&format!("model_list: [{entry}]\n{sections}\n")).config;
    let deployment = Deployment::new(&config, &config.models[0], &|_| None).unwrap();
    (config, deployment)
}

#[test]
fn a_wait_is_a_number_of_seconds_or_a_date() {
    let check = |text: &str, expected: Option<i64>| assert_eq!(retry_after_s(text), expected, "{text:?}");
    check("7", Some(7));
    check(" 120 ", Some(120));
    check("0", Some(0));
    check("-3", Some(-3));
    check("", None);
    check("soon", None);
    check("1.5", None);
    check("99999999999999999999", None);
    check("Wed, 40 Oct 2015 07:28:00 GMT", None);
    let in_seconds = |text: &str| retry_after_s(text).unwrap();
    let after = |seconds| httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(seconds));
    assert!((88..=90).contains(&in_seconds(&after(90))), "{}", after(90));
    assert!(in_seconds("Wed, 21 Oct 2015 07:28:00 GMT") < -300_000_000);
    // The two old forms that RFC 9110 still asks recipients to read.
    assert_eq!(in_seconds("Wednesday, 21-Oct-15 07:28:00 GMT"), in_seconds("Wed, 21 Oct 2015 07:28:00 GMT"));
    assert_eq!(in_seconds("Wed Oct 21 07:28:00 2015"), in_seconds("Wed, 21 Oct 2015 07:28:00 GMT"));
}

#[test]
fn some_failures_pass_by_themselves() {
    for (status, expected) in [(408, true), (409, true), (429, true), (500, true), (503, true), (529, true)] {
        assert_eq!(is_passing(status), expected, "{status}");
    }
    for status in [400, 401, 402, 403, 404, 413, 422] {
        assert!(!is_passing(status), "{status}");
    }
}

#[test]
fn an_error_is_a_failure_where_a_deployment_or_its_state_had_a_part_in_it() {
    let check = |error: Error, expected: Option<(FailureClass, u16)>| {
        let found = Fault::of(&error, &HeaderMap::new()).map(|fault| (fault.class, fault.status));
        assert_eq!(found, expected, "{error}");
    };
    let refusal = |kind| Refusal { kind, message: String::new(), retry_after: None };
    let none = |kind| Error::NoDeployment(Box::new(refusal(kind)));
    check(Failure::new(FailureClass::RateLimit, "x").into(), Some((FailureClass::RateLimit, 429)));
    check(none(RefusalKind::AllResting), Some((FailureClass::RateLimit, 429)));
    check(none(RefusalKind::Limits), Some((FailureClass::RateLimit, 429)));
    // The router explains these like a provider's failures.
    let failed = |kind| Error::from(refusal(kind).failure().unwrap());
    check(failed(RefusalKind::ContextWindow), Some((FailureClass::ContextWindow, 400)));
    check(none(RefusalKind::Tags), Some((FailureClass::Authentication, 401)));
    check(failed(RefusalKind::Paused), Some((FailureClass::ServiceUnavailable, 503)));
    check(Error::NoSuchRoute, None);
    check(Error::ShuttingDown, None);
}

#[test]
fn a_failure_knows_when_to_come_back_and_whether_it_was_the_connection() {
    let mut headers = HeaderMap::new();
    headers.insert("retry-after", "12".parse().unwrap());
    let of =
        |class, headers: &HeaderMap| Fault::of(&Failure::new(class, "litellm.APIConnectionError: x").into(), headers);
    let fault = of(FailureClass::Connection, &headers).unwrap();
    assert_eq!((fault.retry_after_s, fault.is_connection), (Some(12), true));
    let plain = Fault::of(&Failure::new(FailureClass::InternalServer, "x").into(), &HeaderMap::new()).unwrap();
    assert_eq!((plain.retry_after_s, plain.is_connection), (None, false));
}
