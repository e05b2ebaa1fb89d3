mod differences;
mod own;
mod pattern;
mod rules;
mod scene;

use scene::replay;

#[test]
fn budgets_are_answered_as_by_litellm() {
    replay("budgets");
}

#[test]
fn new_teams_are_answered_as_by_litellm() {
    replay("teams: new, licensed");
}

#[test]
fn changes_of_teams_are_answered_as_by_litellm() {
    replay("teams: update, block, models");
}

#[test]
fn members_of_teams_are_answered_as_by_litellm() {
    replay("teams: members");
}

#[test]
fn lists_of_teams_are_answered_as_by_litellm() {
    replay("teams: list, info, delete");
}

#[test]
fn every_role_may_do_with_teams_what_it_may_with_litellm() {
    replay("teams: by role");
}

#[test]
fn organizations_are_answered_as_by_litellm() {
    replay("organizations");
}

#[test]
fn customers_are_answered_as_by_litellm() {
    replay("customers");
}

#[test]
fn tags_are_answered_as_by_litellm() {
    replay("tags");
}
