use super::*;

#[test]
fn an_input_is_a_list_of_items() {
    assert_eq!(items("[ {\"a\":1} ]"), "{\"a\":1}");
    assert_eq!(items("[]"), "");
    assert_eq!(items("\"Hi\""), "{\"type\":\"message\",\"role\":\"user\",\"content\":\"Hi\"}");
}
