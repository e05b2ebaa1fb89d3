"""Records what LiteLLM's `JWTHandler` makes of tokens, and what it reads from claims by the settings of `litellm_jwtauth`.

    python jwt_tokens.py        # writes shared/core/src/jwt/recorded.json

Keys are drawn anew each time, so every run writes other tokens. The tokens' times are far from any clock. Needs a
Python with `litellm[proxy]`; works offline.
"""
from __future__ import annotations

import asyncio
import base64
import hmac
import json
import os

os.environ.update(LITELLM_LOCAL_MODEL_COST_MAP="True", LITELLM_LOG="CRITICAL")

import httpx  # noqa: E402
import jwt  # noqa: E402
from cryptography.hazmat.primitives import serialization  # noqa: E402
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa  # noqa: E402
from litellm.caching.caching import DualCache  # noqa: E402
from litellm.proxy._types import LiteLLM_JWTAuth, ProxyException  # noqa: E402
from litellm.proxy.auth.handle_jwt import JWTAuthManager, JWTHandler  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
OUT = os.path.join(HERE, "..", "..", "shared", "core", "src", "jwt", "recorded.json")
URL = "https://idp.test/keys"
ISSUER = "https://issuer.test/realm"
PAST, FUTURE, FAR = 1_000_000_000, 3_900_000_000, 4_000_000_000

KEYS = {
    "rsa": rsa.generate_private_key(65537, 2048), "rsa2": rsa.generate_private_key(65537, 2048),
    "p256": ec.generate_private_key(ec.SECP256R1()), "p384": ec.generate_private_key(ec.SECP384R1()),
    "ed": ed25519.Ed25519PrivateKey.generate(),
}
ALGORITHMS = {"rsa": jwt.algorithms.RSAAlgorithm, "rsa2": jwt.algorithms.RSAAlgorithm, "p256": jwt.algorithms.ECAlgorithm, "p384": jwt.algorithms.ECAlgorithm, "ed": jwt.algorithms.OKPAlgorithm}


def public(name, **more):
    return {**json.loads(ALGORITHMS[name].to_jwk(KEYS[name].public_key())), "kid": name, **more}


ALL = {"keys": [public(name) for name in KEYS]}
ONLY = {"keys": [public("rsa")]}
BARE = [public("rsa"), public("p256")]
DOCUMENTS = {"all": ALL, "only": ONLY, "bare": BARE}
GOOD = {"sub": "user-1", "iat": PAST, "exp": FAR}


def signed(claims, key="rsa", algorithm="RS256", **header):
    headers = {name: value for name, value in {"kid": key, **header}.items() if value is not None}
    return jwt.encode(claims, KEYS[key], algorithm, headers=headers)


def raw(header, claims, signature=b"x"):
    encode = lambda part: base64.urlsafe_b64encode(part if isinstance(part, bytes) else json.dumps(part).encode()).rstrip(b"=").decode()
    return ".".join((encode(header), encode(claims), encode(signature)))


def forged_with_public_key():
    pem = KEYS["rsa"].public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    unsigned = raw({"alg": "HS256", "kid": "rsa"}, GOOD).rsplit(".", 1)[0]
    mac = hmac.new(pem, unsigned.encode(), "sha256").digest()
    return unsigned + "." + base64.urlsafe_b64encode(mac).rstrip(b"=").decode()


def tampered():
    header, _, signature = signed(GOOD).split(".")
    return ".".join((header, raw({}, {**GOOD, "sub": "admin"}).split(".")[1], signature))


AUD, ISS = {"audience": "gateway"}, {"issuer": ISSUER}
REALM = {"issuers": [{"issuer": ISSUER, "jwks_url": URL, "audience": ["gateway", "other"]}]}
TOKENS = (
    *((f"{algorithm} is verified", signed(GOOD, key, algorithm), "all", {}) for key, algorithm in (
        ("rsa", "RS256"), ("rsa", "RS384"), ("rsa", "RS512"), ("rsa", "PS256"), ("rsa", "PS384"), ("rsa", "PS512"), ("p256", "ES256"), ("p384", "ES384"), ("ed", "EdDSA"))),
    ("the only key, named", signed(GOOD), "only", {}),
    ("the only key, not named", signed(GOOD, kid=None), "only", {}),
    ("the only key under another name", signed(GOOD, kid="other"), "only", {}),
    ("one of several, not named", signed(GOOD, kid=None), "all", {}),
    ("an unknown key", signed(GOOD, kid="unknown"), "all", {}),
    ("a bare list of keys", signed(GOOD), "bare", {}),
    ("another's key under this name", signed(GOOD, "rsa2", kid="rsa"), "all", {}),
    ("no algorithm", raw({"alg": "none", "kid": "rsa"}, GOOD, b""), "all", {}),
    ("the public key as a shared secret", forged_with_public_key(), "all", {}),
    ("an algorithm of another kind of key", raw({"alg": "ES256", "kid": "rsa"}, GOOD, b"x" * 64), "all", {"any_words": True}),
    ("changed claims", tampered(), "all", {}),
    ("a signature cut off", signed(GOOD).rsplit(".", 1)[0] + ".", "all", {}),
    ("expired", signed({**GOOD, "exp": PAST}), "all", {}),
    ("without an expiry", signed({"sub": "user-1"}), "all", {}),
    ("an expiry as text", signed({**GOOD, "exp": str(FAR)}), "all", {}),
    ("an expiry that is none", raw({"alg": "RS256"}, {}), "all", {"any_words": True}),
    ("not valid yet", signed({**GOOD, "nbf": FUTURE}), "all", {}),
    ("issued in the future", signed({**GOOD, "iat": FUTURE}), "all", {}),
    ("expired and not valid yet", signed({**GOOD, "exp": PAST, "nbf": FUTURE}), "all", {}),
    ("for this audience", signed({**GOOD, "aud": "gateway"}), "all", AUD),
    ("for several audiences", signed({**GOOD, "aud": ["x", "gateway"]}), "all", AUD),
    ("for another audience", signed({**GOOD, "aud": "x"}), "all", AUD),
    ("for no audience", signed(GOOD), "all", AUD),
    ("an audience of another type", signed({**GOOD, "aud": ["gateway", 1]}), "all", AUD),
    ("an audience nobody asks about", signed({**GOOD, "aud": "x"}), "all", {}),
    ("of this issuer", signed({**GOOD, "iss": ISSUER}), "all", ISS),
    ("of another issuer", signed({**GOOD, "iss": "https://evil.test"}), "all", ISS),
    ("of no issuer", signed(GOOD), "all", ISS),
    ("of a listed issuer", signed({**GOOD, "iss": ISSUER, "aud": "other"}), "all", REALM),
    ("of a listed issuer for another audience", signed({**GOOD, "iss": ISSUER, "aud": "x"}), "all", REALM),
    ("of an issuer that is not listed", signed({**GOOD, "iss": "https://evil.test", "aud": "x"}), "all", REALM),
    ("internal claims are dropped", signed({**GOOD, "_litellm_team_id": "t", "_litellm_jwt_issuer": ISSUER}), "all", {}),
    ("a subject that is no text", raw({"alg": "RS256", "kid": "rsa"}, {"sub": 7}), "all", {"any_words": True}),
    ("a name that is no text", raw({"alg": "RS256", "kid": 7}, GOOD), "all", {"any_words": True}),
    ("no algorithm at all", raw({"kid": "rsa"}, GOOD), "all", {}),
    ("a critical extension", raw({"alg": "RS256", "kid": "rsa", "crit": ["x"], "x": 1}, GOOD), "all", {"any_words": True}),
    ("a header that is no JSON", raw(b"{", GOOD), "all", {"any_words": True}),
    ("claims that are no JSON", raw({"alg": "RS256", "kid": "rsa"}, b"[]"), "all", {"any_words": True}),
    ("no base64", "a.b.c", "all", {"any_words": True}),
    ("nothing", "..", "all", {"any_words": True}),
)


class Issuer:
    def __init__(self, document):
        self.document = document

    async def get(self, url, **_):
        return httpx.Response(200, json=self.document, request=httpx.Request("GET", url))


def handler(settings, document=None):
    made = JWTHandler()
    made.http_handler = Issuer(document)
    made.update_environment(None, DualCache(), LiteLLM_JWTAuth(**settings))
    return made


async def verdict(token, document, options):
    for variable, name in (("JWT_AUDIENCE", "audience"), ("JWT_ISSUER", "issuer")):
        os.environ.pop(variable, None)
        if name in options:
            os.environ[variable] = options[name]
    os.environ["JWT_PUBLIC_KEY_URL"] = URL
    settings = {"issuers": options["issuers"]} if "issuers" in options else {}
    try:
        claims = await handler(settings, document).auth_jwt(token)
        return {"claims": {name: value for name, value in claims.items() if not name.startswith("_litellm")}}
    except ProxyException as error:
        return {"message": error.message, "kind": error.type, "status": int(error.code)}
    except Exception as error:  # noqa: BLE001  # whatever it is, LiteLLM answers 401 with its text
        return {"message": str(error), "kind": "auth_error", "status": 401}


USER = {"user_id_jwt_field": "sub", "user_email_jwt_field": "email"}
TEAM = {"team_id_jwt_field": "team", "team_ids_jwt_field": "groups"}
OWN = {"issuer": ISSUER, "audience": "x", "user_id_jwt_field": "oid", "team_ids_jwt_field": "realm.groups", "org_id_jwt_field": "tenant"}
IDENTITIES = (
    ({}, {"sub": "u", "scope": "a b"}),
    (USER, {"sub": "u", "email": "a@b.c"}),
    (USER, {"email": "a@b.c"}),
    (USER, {"sub": None}),
    (USER, {"sub": 7}),
    ({"user_id_jwt_field": "metadata.ids.user"}, {"ids": {"user": "u"}}),
    ({"user_id_jwt_field": "kubernetes\\.io.namespace"}, {"kubernetes.io": {"namespace": "n"}}),
    ({"user_id_jwt_field": "a.b"}, {"a": ["b"]}),
    (TEAM, {"team": "t", "groups": ["g1", "g2"]}),
    (TEAM, {"team": ["t1", "t2"], "groups": ["g1", "t1"]}),
    (TEAM, {"team": [], "groups": []}),
    (TEAM, {}),
    ({**TEAM, "team_id_default": "d"}, {}),
    ({**TEAM, "team_id_default": "d"}, {"team": "t"}),
    ({"team_id_default": "d"}, {"team": "t"}),
    ({"team_alias_jwt_field": "name", "org_alias_jwt_field": "org.name", "org_id_jwt_field": "org.id", "end_user_id_jwt_field": "customer"}, {"name": "n", "org": {"id": "o", "name": "on"}, "customer": "c"}),
    ({}, {"scope": "x litellm_proxy_admin"}),
    ({}, {"scope": ["litellm_proxy_admin"]}),
    ({"admin_jwt_scope": "root"}, {"scope": "litellm_proxy_admin"}),
    ({"user_roles_jwt_field": "roles", "user_allowed_roles": ["staff"]}, {"roles": ["x", "staff"]}),
    ({"user_roles_jwt_field": "roles", "user_allowed_roles": ["staff"]}, {"roles": ["x"]}),
    ({"roles_jwt_field": "roles", "role_mappings": [{"role": "T", "internal_role": "team"}, {"role": "U", "internal_role": "internal_user"}], "object_id_jwt_field": "oid"}, {"roles": ["U", "T"], "oid": "o"}),
    ({"roles_jwt_field": "roles", "role_mappings": [{"role": "U", "internal_role": "internal_user"}], "object_id_jwt_field": "oid"}, {"roles": ["U"], "oid": "o"}),
    ({"roles_jwt_field": "roles", "jwt_litellm_role_map": [{"jwt_role": "Admin-*", "litellm_role": "proxy_admin"}, {"jwt_role": "us[e!]?", "litellm_role": "internal_user"}]}, {"roles": ["user", "admin-x"]}),
    ({"roles_jwt_field": "roles", "jwt_litellm_role_map": [{"jwt_role": "*", "litellm_role": "internal_user_viewer"}]}, {"roles": ["a.b"]}),
    ({**USER, "user_allowed_email_domain": "b.c"}, {"email": "a@b.c"}),
    ({**USER, "user_allowed_email_domain": "b.c"}, {"email": "a@x.b.c"}),
    ({**USER, "user_allowed_email_domain": "b.c"}, {"sub": "u"}),
    ({**USER, **TEAM, "issuers": [OWN]}, {"iss": ISSUER, "sub": "u", "oid": "own", "realm": {"groups": ["r"]}, "groups": ["g"], "tenant": "t"}),
    ({**USER, **TEAM, "issuers": [OWN]}, {"iss": ISSUER, "sub": "u", "groups": ["g"]}),
    ({**USER, **TEAM, "issuers": [OWN]}, {"iss": "https://evil.test", "sub": "u", "oid": "own", "groups": ["g"]}),
)


async def identity(settings, claims):
    made = handler(settings)
    own = next((item for item in made.litellm_jwtauth.issuers or () if item.issuer == claims.get("iss")), None)
    token = made._apply_issuer_claim_mappings(dict(claims), own) if own else dict(claims)
    user_id, email, is_allowed = await JWTAuthManager.get_user_info(made, token)
    role, object_id = made.get_rbac_role(token), made.get_object_id(token, None)
    team_id = made.get_team_id(token, None)
    if role and object_id:
        team_id = object_id if role == "team" else team_id
        user_id = object_id if role == "internal_user" else user_id
    text = lambda value: None if value is None else str(getattr(value, "value", value))
    scopes, user_role = made.get_scopes(token), made.map_jwt_role_to_litellm_role(token)
    return {
        "user_id": text(user_id), "user_email": text(email), "is_email_allowed": is_allowed, "team_id": text(team_id),
        "team_alias": made.get_team_alias(token, None), "team_ids": made.get_all_jwt_team_ids(token),
        "org_id": made.get_org_id(token, None), "org_alias": made.get_org_alias(token, None),
        "end_user_id": made.get_end_user_id(token, None), "scopes": scopes, "is_admin": made.is_admin(scopes),
        "role": text(role), "user_role": text(user_role),
    }


async def main():
    tokens = [
        {"name": name, "token": token, "document": document, "options": options, "verdict": await verdict(token, DOCUMENTS[document], options)}
        for name, token, document, options in TOKENS
    ]
    identities = [{"settings": settings, "claims": claims, "identity": await identity(settings, claims)} for settings, claims in IDENTITIES]
    with open(OUT, "w") as file:
        json.dump({"documents": DOCUMENTS, "tokens": tokens, "identities": identities}, file, indent=1, ensure_ascii=False)
        file.write("\n")


if __name__ == "__main__":
    asyncio.run(main())
