use super::*;
use proptest::prelude::*;

const MODEL: &str = "--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nwhisper\r\n";
const FILE: &str = "--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\nContent-Type: audio/wav\r\n\r\nRIFF\r\n--bx\r\n";
const END: &str = "--b--\r\n";

fn check(text: &str, want_model: Option<&str>, want_file: bool) {
    let progress = scan("b", text.as_bytes()).expect("a form");
    let (Progress::Ready(form) | Progress::Ended(form)) = progress else { panic!("undecided: {text}") };
    let model = form.model.clone().map(|place| &text[place]);
    assert_eq!((model, form.has_file), (want_model, want_file), "{text}");
}

#[test]
fn parts_are_found_in_any_order() {
    check(&format!("{MODEL}{FILE}{END}"), Some("whisper"), true);
    check(&format!("{FILE}{MODEL}{END}").replace("--bx\r\n", ""), Some("whisper"), true);
    check(&format!("{MODEL}{END}"), Some("whisper"), false);
    check(&format!("preamble\r\n{END}"), None, false);
}

#[test]
fn model_before_file_needs_no_file_content() {
    let text = format!("{MODEL}{FILE}");
    let cut = text.find("RIFF").expect("the file");
    assert!(matches!(scan("b", &text.as_bytes()[..cut]), Ok(Progress::Ready(_))));
}

#[test]
fn model_is_replaced_or_added() {
    let text = format!("{MODEL}{END}");
    let Ok(Progress::Ended(form)) = scan("b", text.as_bytes()) else { panic!("undecided") };
    assert_eq!(with_model("b", text.as_bytes(), &form, "x"), text.replace("whisper", "x").into_bytes());
    let added = with_model("b", END.as_bytes(), &Form::default(), "x");
    check(&String::from_utf8(added).expect("utf-8"), Some("x"), false);
}

#[test]
fn what_is_no_form_is_refused() {
    assert_eq!(boundary("multipart/form-data"), Err(Malformed::NoBoundary));
    assert_eq!(boundary("multipart/form-data; boundary=\"x y\""), Ok("x y".to_owned()));
    assert_eq!(scan("b", b"--bad\r\n\r\n"), Err(Malformed::NoForm));
    assert_eq!(scan("b", &vec![b'x'; HEADER_BYTES_MAX + 1]), Err(Malformed::NoForm));
    let endless = [b"--b\r\n".as_slice(), &vec![b'x'; HEADER_BYTES_MAX + 1]].concat();
    assert_eq!(scan("b", &endless), Err(Malformed::HeaderTooLong));
}

proptest! {
    #[test]
    fn no_input_breaks_the_scanner(text in "(--b|\r\n|--|name=\"model\"|content-disposition: form-data; |x){0,30}") {
        if let Ok(Progress::Ready(form) | Progress::Ended(form)) = scan("b", text.as_bytes()) {
            with_model("b", text.as_bytes(), &form, "m");
        }
    }
}
