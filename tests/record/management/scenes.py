"""The scenes, in the order they are written."""
import scenes_keys

SCENES = [*scenes_keys.SCENES]
