"""The words that services use in error messages, and the names of their protocol. A table. Pure.

A word that is neither here nor a name in the configuration could be something that a visitor said (words.py). So
everyday words that error messages rarely need are left out: who, what, where, I, my. Add a word when an observed error
needs it. Plurals and the endings of verbs are recognised without an entry.
"""

_ERRORS = """
a abort aborted about above absent abuse abusive accept acceptable access account achieve acknowledge across
action activate active actual add additional address administrator afford after again against agree alive all
allow allowance allowlist allowlisted along already also alternative although ambiguous among amount an and
anonymous another answer any apologize appear append apply appropriate are aren argument array arrearage arrears
as assert assistance assistant associated assume at attach attempt attention audience authenticate authentication
authorise authority authorization authorize auto automatic automatically availability available await backend
background bad balance ban bandwidth base basic be bearer because been before begin beginning behind being belong
below beta better between beyond bill billing binary bit blacklist block blocklist body boolean both bottom bound
boundary branch bring broken browser budget buffer bug build burst busy but by byte cache cached call caller can
cancel canceled cancellation cancelled cannot cap capability capacity captcha case cause center centre certain
certificate chain challenge change changed channel character charge chars chat check checkpoint choice choose
chunk claim class clean clear cleared client clock close closed closing closure cloud code cognitive collection
column combination come command commit committed common community company compatibility compatible complete
completed completion compliance component compression compromise concurrency concurrent condition configuration
configure confirm conflict connect connection consecutive consider consume contact contain container content
context continuation continue contract control conversation convert cookie cooldown copy correct correlation
corrupt cost could couldn count country crash create created credential credit criteria cross current currently
custom customer cut d daemon daily dashboard data database date day deactivate dead deadline debug decimal decline
decode decoder decrease default define delay delete deleted deliver delta denied deny denylist depend dependency
deplete deploy deployment deprecate deprecated deprecation describe description destination detail detect
detection detector deviate device dialect did didn different dimension direct direction directory disable disabled
discard disconnect disconnection discontinue dispatch do docs document documentation does doesn domain don done
double down downstream drain draining drop dropped due duplicate duplicated duration during each early edit effect
effective either element eligibility eligible else email embedding empty enable enabled encode encoding encounter
encountered end endpoint endpoints enforce engine enough ensure enter enterprise entitle entitlement entity entry
environment ephemeral equal erase error escape establish evaluation even event every evict exact exactly example
exceed exceeded except exception exclude exclusive execute execution exhaust exhausted exist existing exists
expect expected expiration expire expired expiry explicit extend extension external extra extract fail failed
failing failure fallback false fatal fault feature few fewer field file fill filter filtered final find finish
finished firewall first fit fix flag flagged float flood flow follow following for forbidden force forget format
former forward found fraction fragment fragmented frame free freeze frequency frequently from frozen full function
fund funds future gateway general generate generation generative generic geo geoblock geographic geographical get
give given global go going gone good got graceful grant greater group guard guardrail guide guideline had half
handle handler handshake hang happen hard harm harmful has have header health healthy heard heartbeat help here
high higher hit hold host hour hourly however http https hub human id identical identifier identify identity idle
if ignore ignored illegal image immediate immediately implement implemented impossible in inactive inactivity
incident include included inclusive incoming incompatible incomplete inconsistent incorrect increase index
indicate individual info inform information initial initialize input insert inside inspect instance instead
instruction insufficient integer intend interface interim intermittent internal interrupt interrupted interruption
interval into introduce invalid invitation invite invoice invoke is isn issue it item its jailbreak javascript job
join json jurisdiction just keep keepalive key kind know known label lack language large larger last late latency
later latest launch layer lead leak leaked learn least leave left legacy legal length less let level library
licence license lifetime like likely limit limited limits line link list listen ll load local locale locate
location lock log login logprobs long longer lookup lose lost low lower made magic maintain maintenance make
malformed manage management manually many map mask masked match matching max maximum may maybe mean measure media
medium member memory merge message meta metadata method metric might migrate million min mini minimum minor minute
mismatch mismatched miss missing modalities modality mode model moderate moderation moderator modify moment month
monthly more most move much multiple must mutually name naming near necessary need needed negative negotiated
negotiation neither nest nested network never new next nil no noise non none nonexistent nor normal not nothing
notice now null number numeric object obtain occur occurred odd of off offer offline offset ok old on onboarding
once one online only onto opcode open opening operation operator option optional or order organisation
organization origin original other otherwise our ours out outage outgoing output outside outstanding over overage
overdue overflow overlap overload overloaded override own owner pace package padding page paid pair parallel param
parameter params pardon parent parse parsing part partial participant parts party pass passed password path
pattern pause pay payload payment peer pending per perform period permanent permission permissions permit
permitted persist phase phrase ping pipeline place plan platform player please plugin point policy pong pool port
portal position positive possible possibly post postpaid potential precondition preempt prefix prepaid prepare
prepay prepayment present preset preview previous previously price pricing primary principal prior priority
privacy private probably probe problem proceed process processed processing processor produce product production
profile program progress prohibit project prompt proof propagate proper property protect protocol provide provided
provider provision proxy public publish purchase purpose put quality query question queue quick quota quote raise
random range rate rather raw ray re reach reachable reached reaching read ready real realtime reason reasoning
reboot rebuild receive received recent recognise recognize recommend reconnect record recover redeploy redirect
reduce refer reference refill refresh refund refuse refused region regional register registered regular regulation
reject rejected relate relay release reload remain remaining remote remove removed rename renew renewal repeat
replace replica reply report request requested require required requirement resend reserve reset resolve resource
respond responding response responses responsible rest restart restore restrict restricted restriction resubmit
result resume retire retired retrieval retrieve retry return revoke revoked right risk robot role root round route
router routing row rule run runtime s safe safety same sample sampling sanction satisfied satisfy saturate save
scale schedule schema scheme scope script search second seconds section secure security see seem segment select
self semantic send sent separate sequence serial series serve server service session set setting settings setup
sever several severe shall shape share shed short should shouldn show shut shutdown side sign signal signature
signed silence silent similar simple since single site size skip slot slots slow small so socket soft software
some something soon sorry sound source space speak speaker special specific specification specified specify speech
speed spend split stable stage stale standard standing start state statement static status stay step still stop
stopped storage store stream streaming strict string structure stuck studio style sub subject submission submit
subprotocol subscribe subscriber subscription succeed success successful successfully such suffix suggest suitable
supply support supported sure suspend suspended suspicious switch sync syntax system t table tag take taken target
task team temperature temporarily temporary tenant term terminate terminated territory text than thank thanks that
the their then there these they this those though thread three threshold throttle throttled through throughput
tier time timed timeout timestamp to token told too tool top topup total trace track traffic transcoding
transcribe transcribed transcript transcription transfer transient translate translation transport trial tried
trigger tripped truncate truncated truncation trust try tune turn twice two type typical unable unacceptable
unauthenticated unauthorized unavailable unchanged unclear undefined under underlying unexpected unfortunately
unhandled unhealthy unique unit unknown unless unlimited unlock unmasked unpaid unprocessable unreachable
unreadable unrecognised unrecognized unregister unregistered unresponsive unsafe unset unsuitable unsupported
until untrusted unusual unverified up update updated upgrade upgraded upload upper upstream url usage use used
user username usual utf utterance valid validate validation value variable variant ve vendor verification verified
verify version very via video view violate violation virtual visible visit voice volume vpn wait waiting wallet
want warm warn warning was wasn way we web website websocket week weight well went were when whether which while
whitelist whitelisted whitespace whole wide will window wire with within without won work worker workspace would
wouldn write written wrong year yes yet you your yours zero zone
"""

_NAMES = """
a15t aac aad acct ai aigw aiohttp akamai alaw alibaba aliyun alloy anthropic apache api apigee apim apis app args
arn asgi ash aud audio auth aws azure b64 ballad base64 bedrock bidi bool caddy cedar cf cfg cjs cloudflare
cloudfront cohere com config conn console coral cors ctx cuda dall dashscope datadome deepgram dev developers dict
django dns dtmf eagerness eastus eastus2 echo edgesuite elevenlabs entra env envoy eof eos err etc eu exc exp
express f5 fable far fastapi fastly flac flask fortinet g711 ga gemini genai github gpt gpu grok groq gunicorn h11
haproxy hmac html httpx hz iam iat ids ietf iis imperva incapsula inference init int inworld io ip ipv4 ipv6 iss
istio jwt kb khz kid kong kubernetes kwargs lite litellm llama llm llms localai lru m marin mb mcp mdn mhz
microsoft mime mistral mp3 ms msg mu nbf net nginx ngrok nonce northcentralus nova o oauth oauth2 ogg ollama onyx
oom openai openresty openrouter opus org pc pcm pcm16 portkey prod proj py python qwen rbac req res resp rfc rpc
rpd rpm rtc runtimes sage sdk sec sess sha shimmer sip sk slug speaches sse ssl std str sucuri sunset
swedencentral tcp temp tls tokens tomcat tpd tpm traefik tts turbo udp ulaw uri urls us utc uuid uvicorn v vad
verse vertex vllm vram waf wav webhook webrtc werkzeug westeurope whisper windows ws wss www x xai xml yaml
"""

VOCABULARY = frozenset(f"{_ERRORS} {_NAMES}".split())
