use super::super::tests::deploy;
use super::*;

fn place(params: &str, more: &str, variables: &[(&str, &str)]) -> Cloud {
    let deployment = deploy(params, more, variables).unwrap_or_else(|error| panic!("{params}: {error}"));
    deployment.rules.settings.cloud
}

#[test]
fn the_region_is_the_deployments_own_then_the_arns_then_a_variables() {
    let check = |params: &str, variables: &[(&str, &str)], expected: &str| {
        assert_eq!(place(params, "", variables).aws_region, expected, "{params} {variables:?}");
    };
    let variables = [("AWS_DEFAULT_REGION", "d"), ("AWS_REGION", "b"), ("AWS_REGION_NAME", "a")];
    let arn = "arn:aws:bedrock:eu-central-1:123456789012:inference-profile/x";
    check("model: bedrock/m, aws_region_name: own", &variables, "own");
    check("model: bedrock/m", &variables, "a");
    check("model: bedrock/eu-west-3/m", &variables, "eu-west-3");
    check("model: bedrock/converse/eu-west-3/m", &variables, "eu-west-3");
    check("model: bedrock/eu-west-3/m, aws_region_name: own", &variables, "own");
    check("model: bedrock/m", &variables[..2], "b");
    check("model: bedrock/m", &variables[..1], "d");
    check("model: bedrock/m", &[], "us-west-2");
    check(&format!("model: 'bedrock/converse/{arn}'"), &variables, "eu-central-1");
    check(&format!("model: bedrock/m, model_id: '{arn}'"), &variables, "eu-central-1");
    check("model: bedrock/ap-south-1/meta.llama3", &variables, "ap-south-1");
    check("model: bedrock/converse/us-gov-west-1/meta.llama3", &variables, "us-gov-west-1");
    check("model: bedrock/ap-south-1/meta.llama3, aws_region_name: own", &variables, "own");
    check("model: bedrock/m, model_id: 'arn:aws-us-gov:bedrock:us-gov-east-1:1:x'", &[], "us-gov-east-1");
    check(&format!("model: 'bedrock/{arn}', model_id: plain"), &variables, "a");
    check("model: bedrock/m, model_id: 'arn:aws:bedrock::1:x'", &variables, "a");
}

#[test]
fn google_and_ibm_are_told_by_parameters_settings_and_variables() {
    let account = r#"vertex_credentials: '{"project_id": "theirs"}'"#;
    let check = |params: &str, more: &str, variables: &[(&str, &str)], expected: [Option<&str>; 2]| {
        let place = place(params, more, variables);
        assert_eq!([place.vertex_project.as_deref(), Some(&place.vertex_location)], expected, "{params} {more}");
    };
    let variables = [("VERTEXAI_PROJECT", "p"), ("VERTEXAI_LOCATION", "l")];
    check(
        "model: vertex_ai/m, vertex_project: own, vertex_ai_location: here",
        "",
        &variables,
        [Some("own"), Some("here")],
    );
    check("model: vertex_ai/m", "", &variables, [Some("p"), Some("l")]);
    check(&format!("model: vertex_ai/m, {account}"), "", &[], [Some("theirs"), Some("us-central1")]);
    check("model: vertex_ai/m, vertex_credentials: {project_id: map}", "", &[], [Some("map"), Some("us-central1")]);
    check("model: vertex_ai/m", "", &[], [None, Some("us-central1")]);

    let ibm = place("model: watsonx/m, api_base: http://w, project_id: one, space_id: two, api_version: v", "", &[]);
    let found = (ibm.watsonx_project_id.as_deref(), ibm.watsonx_space_id.as_deref(), &*ibm.watsonx_api_version);
    assert_eq!(found, (Some("one"), Some("two"), "v"));
    let ibm =
        place("model: watsonx/m, api_base: http://w", "", &[("WX_PROJECT_ID", "set"), ("WATSONX_SPACE_ID", "space")]);
    let found = (ibm.watsonx_project_id.as_deref(), ibm.watsonx_space_id.as_deref(), &*ibm.watsonx_api_version);
    assert_eq!(found, (Some("set"), Some("space"), "2024-03-13"));
}
