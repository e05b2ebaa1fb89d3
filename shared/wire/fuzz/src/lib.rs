//! What every decoder must bear: any bytes, cut anywhere, give the same answer, and never a panic.

mod framed;

use bytes::Bytes;
use tollgate_wire::answer::Form;
use tollgate_wire::client::{self, Wanted};
use tollgate_wire::dialect::{Context, Stamp};
use tollgate_wire::prepare::{Rules, Settings};
use tollgate_wire::stream::{Fault, UsageWish};
use tollgate_wire::tokens::Estimator;
use tollgate_wire::{Operation, provider};

const FORMS: [Form; 5] = [Form::Chat, Form::ChatAsText, Form::Messages, Form::Responses, Form::GenerateContent];

/// Feeds `data` to a provider's decoders: the first byte chooses the client's format, the second a place to cut.
pub fn decode(provider: &'static str, model: &str, data: &[u8]) {
    let [form, cut, data @ ..] = data else { return };
    let found = provider::find(provider).expect("a known provider");
    let mut settings = Settings::new(found, model);
    settings.api_base = Some("http://127.0.0.1:1/x".to_owned());
    let rules = Rules::new(settings);
    let mut context = Context {
        provider,
        model: model.to_owned(),
        stamp: Stamp::new("6a2f41a3-c54c-4f21-9b6e-0d6c1b2a3f4e".to_owned(), 1),
        ..Context::default()
    };
    context.notes.responses = model.starts_with("responses/");
    let form = FORMS[usize::from(*form) % FORMS.len()];
    let model = "alias".to_owned();
    let (usage, echo) = (UsageWish::Shown, serde_json::Map::new());
    let wanted = Wanted { model, estimator: Estimator::default(), usage, form, echo };
    let cut = usize::from(*cut).min(data.len());
    let whole = stream(&rules, &context, &wanted, &[data]);
    assert_eq!(whole, stream(&rules, &context, &wanted, &[&data[..cut], &data[cut..]]));
    let bodies = [Bytes::copy_from_slice(data)];
    let _answer = client::answer(&rules, Operation::ChatCompletion, &context, &wanted, &bodies);
}

/// As [`decode`], with the data in sound frames of AWS's event stream: without sound checksums nothing comes as far as
/// a decoder.
pub fn decode_framed(provider: &'static str, model: &str, data: &[u8]) {
    let [form, cut, data @ ..] = data else { return };
    decode(provider, model, &[&[*form, *cut], framed::frames(data).as_slice()].concat());
}

fn stream(rules: &Rules, context: &Context, wanted: &Wanted, chunks: &[&[u8]]) -> (Vec<u8>, Option<Fault>) {
    let mut stream = client::stream(rules, context, wanted);
    let mut out = Vec::new();
    for chunk in chunks {
        if let Err(fault) = stream.push(Bytes::copy_from_slice(chunk), &mut out) {
            return (out, Some(fault));
        }
    }
    let fault = stream.finish(&mut out).err();
    (out, fault)
}
