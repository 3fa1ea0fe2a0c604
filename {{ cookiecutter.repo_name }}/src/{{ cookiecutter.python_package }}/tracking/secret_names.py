"""Which names usually hold a secret: `DB_PASSWORD`, `api_key`, and not `pad_token`, `band_pass`.

By the words of a name, not by pieces of them. A word that also means something else (`token`,
`pass`, `key`) counts by the words beside it.
"""

import re
from functools import lru_cache


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


# One of these anywhere makes a name secret.
_ALWAYS = _set(
    "password passwords passwd passphrase passphrases passcode passwort pwd pswd secret secrets "
    "credential credentials creds apikey apikeys authtoken accesstoken accesskey secretkey "
    "privatekey clientsecret connectionstring authorization"
)
# These only as the last word.
_LAST = _set("auth dsn sas jwt bearer cookie cookies otp")
# What may follow the last word of a secret's name, as in `access_key_id` and `token_2`.
_TAIL = _set("id value key header base pem")
# A name that ends so tells about a secret, and is none.
_ABOUT = _set(
    "length len size count min max num file filename path dir folder policy column col field dim "
    "rotation expiry expires expiration ttl timeout name names hint attempts strength regex "
    "pattern type required enabled format backend provider method mode scheme scope scopes host "
    "port url uri endpoint realm arn index idx region version env var"
)
# `pass` is a secret alone and after one of these; else it is one of a filter or a compiler.
_LOGINS = _set(
    "db database smtp mail email imap ftp sftp ssh http https proxy admin root user default login "
    "my mysql pg postgres redis rabbitmq amqp mqtt kafka mongo oracle hive jdbc odbc ldap vpn wifi "
    "keystore truststore cert basic sudo server service app account"
)
# `token` after one of these is no secret.
_TOKENS = _set(
    "pad padding eos bos unk unknown cls sep mask oov stop start end begin special image img video "
    "audio speech text prefix suffix middle newline placeholder initializer trigger class dist "
    "distill distillation register reg separator sos eot eom eod boi eoi bov eov patch visual "
    "vision word subword byte char character label entity sentence decoder encoder fim pool pooled "
    "noise latent rare forced suppress timestamp timestamps fill delimiter split blank first last "
    "next prev previous page new min max num n per each total input output prompt completion "
    "context language lang vocab additional extra mem memory summary draft thinking reasoning "
    "target document passage question answer pos position"
)
# `tokens` and `key` are secrets only after one of these.
_AUTHORITIES = _set(
    "api access auth refresh bearer session secret private account encryption signing ssh deploy "
    "license fernet hmac aes rsa gpg pgp subscription shared openai anthropic azure aws gcp google "
    "stripe sendgrid twilio datadog wandb huggingface hf github gitlab slack mapbox sentry comet "
    "neptune cohere mistral groq"
)
# Each name of a secret has one of these in it, and most other texts have none.
_PIECES = _set("pass pwd pswd pw secret token cred key auth dsn sas cookie jwt otp bearer conn")
# These two words make a name secret wherever they stand, as in `AWS_BEARER_TOKEN_BEDROCK`.
_PAIRS = frozenset(
    f"{authority} {what}"
    for authority in ("api", "access", "auth", "bearer", "refresh", "session", "security")
    for what in ("token", "key")
)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_SEGMENT = re.compile(r"[./:\\]+")
_WORD = re.compile(r"[^\W_]+")
# The working directory, in the environment of every shell (POSIX).
_NO_SECRETS = frozenset({"PWD", "env..PWD"})


@lru_cache(maxsize=65536)
def looks_secret(name: str) -> bool:
    """Whether a setting with this name usually holds a secret (`DB_PASSWORD`, `db.auth.user`).

    Args:
        name: a name, with the names of what it lies in before it, separated by dots.
    """
    return _rank(name) > 0


@lru_cache(maxsize=65536)
def looks_always_secret(name: str) -> bool:
    """Whether even a number of this name is a secret: a password may be one, a token is not."""
    return _rank(name) > 1


def may_name_secret(text: str) -> bool:
    """Whether a text can have the name of a secret in it; quick, and True too often."""
    lowered = text.lower()
    return any(piece in lowered for piece in _PIECES)


def _rank(name: str) -> int:
    if name in _NO_SECRETS or not may_name_secret(name):
        return 0
    segments = [_words(segment) for segment in _SEGMENT.split(name)]
    last = segments[-1]
    if last and last[-1] in _ABOUT:
        return 0
    above = [words for words in segments[:-1] if words and words[-1] not in ("pass", "pw")]
    return max(map(_rank_of_words, [*above, last]))


def _words(segment: str) -> list[str]:
    words = [word.lower().rstrip("0123456789") for word in _WORD.findall(_CAMEL.sub(" ", segment))]
    return [word for word in words if word]


def _rank_of_words(words: list[str]) -> int:
    # `PGPASSWORD`
    if not _ALWAYS.isdisjoint(words) or any(word.endswith("password") for word in words):
        return 0 if words[-1] in _ABOUT else 2
    if not _PAIRS.isdisjoint(map(" ".join, zip(words, words[1:], strict=False))):
        return 0 if words[-1] in _ABOUT else 1
    for length in (len(words), len(words) - 1):
        if length > 0 and (length == len(words) or words[-1] in _TAIL):
            before, last = set(words[: length - 1]), words[length - 1]
            if _ends_as_secret(before, last, is_id=length < len(words) and words[-1] == "id"):
                return 1
    return 0


def _ends_as_secret(before: set[str], last: str, is_id: bool) -> bool:
    if last == "token":
        return (before.isdisjoint(_TOKENS) and not is_id) or not before.isdisjoint(_AUTHORITIES)
    if last in ("key", "keys", "tokens"):
        return not before.isdisjoint(_AUTHORITIES)
    if last in ("pass", "pw"):
        return not is_id and (not before or not before.isdisjoint(_LOGINS))
    if last in ("string", "str"):
        return not before.isdisjoint({"connection", "conn"})
    return last in _LAST and not is_id
