"""The phrases that identify a refusal, in the order in which they are searched. A table. Pure.

Each line is one phrase: a regular expression for text in lower case. A row matches if the text has one of its phrases.
It also matches if one of its verdicts follows one of its subjects, or comes just before it (`invalid model`).
"""

import re
from dataclasses import dataclass, field

_APART = 60  # characters between a subject and its verdict: about a sentence


@dataclass(frozen=True, slots=True)
class PhraseRow:
    """`before`: how many words may be between a verdict and the subject after it."""

    cause: str
    says: str = ""
    subjects: str = ""
    verdicts: str = ""
    before: int = 2
    pattern: re.Pattern[str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "pattern", re.compile("|".join(self._parts())))

    def fits(self, text: str) -> bool:
        return self.pattern.search(text) is not None

    def _parts(self) -> list[str]:
        parts = _lines(self.says)
        if self.subjects:
            subject, verdict = "|".join(_lines(self.subjects)), "|".join(_lines(self.verdicts))
            other = "|".join(_lines(KEY))  # with the key in between, the verdict is about the key
            parts.append(rf"(?:{subject})(?:(?!{other}).){{0,{_APART}}}?(?:{verdict})")
            parts.append(
                rf"(?:{verdict})\w{{0,12}}\W{{1,3}}(?:\w{{1,20}}\W{{1,3}}){{0,{self.before}}}?(?:{subject})"
            )
        return parts


def _lines(block: str) -> list[str]:
    return [line.strip() for line in block.strip().splitlines() if line.strip()]


NOT = r"""
    \bnot\b
    n['\u2019]t\b
    \bcannot\b
    \bno\b
"""
BARRED = rf"""
    {NOT}
    \bun(?:supported|available|authori[sz]ed)\b
    restrict|block|banned|prohibit|forbidden|denied|disallow|embargo|outside
"""
KEY = r"""
    \b(?:api|access|secret|security|session|identity|auth\w*|subscription|virtual)[ -]?(?:key|token|secret)s?\b
    \b(?:bearer|licen[cs]e|ephemeral|client|project|service)[ -]?(?:key|token|secret)s?\b
    \b(?:your|this|the|that|provided|supplied|given|valid|no) (?:key|token|secret)s?\b(?! ?['"`:])
    \b(?:invalid|wrong|incorrect|missing|expired|bad|unknown) (?:key|token|secret)s?\b(?! ?['"`:])
    credentials?\b
    \bjwt\b
    \bbearer\b
    \bapikey\b
"""
ACCOUNT = r"""
    account|organi[sz]ation|\borg\b|workspace|tenant|\bteam\b
    \buser\b|caller|principal|project|identity
"""
# The first row that matches decides. An earlier row is more precise, or contains words of a later row.
ROWS = (
    PhraseRow("region_refused", r"error code:? ?1009\b"),  # Cloudflare's numbers
    PhraseRow("address_refused", r"error code:? ?100[678]\b"),
    PhraseRow("server_busy", r"error code:? ?1015\b|being rate limited"),
    PhraseRow("firewall_refused", r"error code:? ?10(?:10|12|20)\b"),
    PhraseRow(
        "firewall_refused",
        r"""
        just a moment
        attention required
        captcha
        are you (?:a )?(?:human|robot)
        you are (?:not )?(?:a )?(?:human|robot|bot)\b
        (?:checking|verifying) (?:if|your|that|you)
        enable (?:javascript|cookies)
        javascript and cookies
        ddos
        used cloudflare to restrict
        firewall page
        you have been blocked
        incapsula|imperva|akamai|edgesuite|sucuri|datadome
        pardon our interruption
        \bbots?\b
        automated (?:requests?|quer|access|traffic)
        human verification
        browser check
        security (?:check|challenge|verification|service)
        web application firewall
        \bwaf\b
        challenge page
        unusual traffic
        request (?:was |has been )?(?:blocked|rejected) by(?! (?:\w+ ){0,3}(?:content|safety|usage|moderation|polic))
        ^request rejected$
        support id
        request unsuccessful
        """,
    ),
    PhraseRow(
        "region_refused",
        r"""
        geo[ -]?(?:block|restrict|fenc)
        sanction|embargo
        unavailable for legal reasons
        unsupported (?:region|location)
        (?:region|location) (?:is )?(?:not supported|unsupported|restricted|blocked)
        """,
        r"""
        countr(?:y|ies)|territor(?:y|ies)|jurisdiction|geograph\w+
        (?:your|user|client)(?:'s)? (?:current )?(?:region|location|area)
        """,
        BARRED,
        before=5,
    ),
    PhraseRow(
        "address_refused",
        r"""
        (?:allow|white|black|block|deny)[ -]?list
        virtual network
        firewall rules?
        public (?:network )?access is disabled
        private endpoint
        """,
        r"""
        \bips?\b(?! rights)
        ip[ -]?address(?:es)?
        \bipv[46]\b
        """,
        rf"""
        {BARRED}
        does not match
        """,
    ),
    PhraseRow(
        "account_refused",
        r"""
        insufficient permission
        missing scopes?
        """,
        ACCOUNT,
        r"verif(?:y|ied|ication)",
    ),
    PhraseRow(
        "server_busy",
        r"""
        per (?:second|minute|hour)
        rate[ -]?limit
        too many (?:requests|connections|sessions|concurrent|clients|users)
        concurren
        \bslots?\b
        \bcapacity\b
        overload
        \bbusy\b
        throttl
        slow down
        high demand
        (?:max\w*|limit) (?:number )?(?:of )?(?:open |active |allowed )?(?:connections|sessions|clients)
        (?:connections?|sessions?) limit
        model.{0,60}(?:loading|warming|starting|(?:currently|temporarily) (?:unavailable|not available))
        """,
    ),
    PhraseRow(
        "quota_exceeded",
        r"""
        quota|billing|\bcredits?\b|balance|payment|prepaid|arrear|overdue|budget
        insufficient funds
        good standing
        spend(?:ing)? (?:limit|cap)
        (?:usage|hard|monthly|daily) limit
        trial (?:has )?(?:ended|expired)
        top up
        subscription (?:has )?(?:ended|expired|is not active)
        """,
    ),
    PhraseRow(
        "session_expired",
        r"""
        maximum (?:session )?(?:duration|length|lifetime)
        session(?! (?:token|key|secret|id)\b).{0,30}?(?:expired|timed ?out|time limit|duration|lifetime|too long)
        session limit
        """,
    ),
    PhraseRow(
        "model_refused",
        r"""
        (?:provide|specify|requires?|name) (?:a |the )?(?:model|deployment)\b
        (?:not|n['\u2019]t) (?:have access to|(?:allowed|permitted|authori[sz]ed) to use).{0,40}?\bmodel
        x-portkey-
        \bprovider\b.{0,30}(?:required|missing|not (?:specified|provided|found|set))
        """,
        r"\bmodels?\b(?!ing)|deployment",
        rf"""
        {NOT}
        invalid|unknown|unsupported|unavailable|unrecogni[sz]ed|wrong|missing|such
        deprecat|retired|decommission|sunset|shut ?down|ended|removed|discontinued|denied|must be
        """,
    ),
    PhraseRow(
        "policy_refused",
        r"""
        content (?:policy|policies|filter|management|moderation|safety)
        safety (?:policy|system|filter|settings|reasons)
        moderation
        usage polic
        acceptable use
        responsible ai
        jailbreak
        guardrail
        prohibited content
        harmful
        violat\w+.{0,40}(?:terms|guidelines|our polic|usage|content)
        flagged
        """,
    ),
    # These have words of a refused key, but mean something else.
    PhraseRow("service_refused", r"unexpected token|\bjson\b|csrf|\bcors\b|\borigin\b"),
    PhraseRow("key_refused", "", r"project|organi[sz]ation", r"mismatch|(?:does|do) not match|archived"),
    PhraseRow(
        "key_refused",
        r"""
        unauthenticated
        not authenticated
        \bauth\b.{0,20}fail
        ^\W*token (?:has |is |was )?(?:expired|invalid|missing|revoked|not\b)
        ^\W*(?:invalid|wrong|incorrect|bad|expired|missing|unknown) (?:key|token|secret)\W*$
        unregistered callers
        missing.{0,30}authorization
        authorization header
        authenticat\w+.{0,30}(?:fail|error|require|invalid|missing|denied|not|unsuccessful)
        (?:invalid|no|missing|bad|failed) authenticat
        could not authenticate
        unauthori[sz]ed(?! (?:ip|address|model|country|region|location|origin))
        (?:sign|log)(?:ged)? ?in\b
        not from a valid issuer
        """,
        KEY,
        rf"""
        {NOT}
        invalid|incorrect|malformed|missing|mismatch|wrong|bad\b|unknown|unrecogni[sz]ed
        require|provide|supply|must
        expired|revoked|deleted|disabled|denied|reject|refuse|fail|leaked|unauthori[sz]ed
        """,
    ),
    PhraseRow(
        "account_refused",
        r"""
        member of (?:an|the|this) (?:org|team|project)
        permission|privilege|\bscopes?\b|\broles?\b
        not authori[sz]ed
        terms of (?:service|use)
        early access
        wait ?list
        not eligible
        beta program
        """,
        ACCOUNT,
        r"""
        suspend|deactivat|disabled|terminated|banned|blocked|not active|inactive|on hold
        not (?:a |have |been )?(?:member|access|allow|enabl|authori|eligible)
        n['\u2019]t (?:have )?(?:access|allow|authori)
        """,
    ),
    PhraseRow("proxy_refused", "proxy authentication"),
    PhraseRow(
        "not_offered",
        r"""
        not (?:yet |been |currently )?(?:implemented|supported|enabled|offered|available)
        unimplemented|unsupported|disabled
        n['\u2019]t (?:yet )?support
        """,
    ),
    PhraseRow(
        "server_error",
        r"""
        (?:something|anything) went wrong
        internal (?:server |service )?error|internally|server error
        unexpected (?:error|condition|failure)
        (?:had|encountered|hit) an (?:internal )?error
        (?:currently|temporarily|is|service) unavailable
        temporar|maintenance
        try again|\bretry\b
        bad gateway
        timed? ?out|deadline
        upstream (?:connect|request|timeout|reset)
        no healthy upstream
        (?:unable to|could not|cannot) (?:connect|reach)
        """,
    ),
)
