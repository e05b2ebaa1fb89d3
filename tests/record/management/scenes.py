"""The scenes, in the order they are written."""
import scenes_beside
import scenes_budgets
import scenes_denied
import scenes_keys
import scenes_models
import scenes_spent
import scenes_teams
import scenes_users

SCENES = [*scenes_keys.SCENES, *scenes_teams.SCENES, *scenes_users.SCENES, *scenes_budgets.SCENES, *scenes_models.SCENES, *scenes_beside.SCENES, *scenes_denied.SCENES, *scenes_spent.SCENES]
