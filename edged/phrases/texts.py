"""The text of each phrase in each language. A table. Pure.

Rules:
1. A phrase is plain, polite and short: at most 4.5 seconds. It says what the visitor can do, not what is broken inside.
2. Each language has each phrase. After a change, run scripts/make-phrases, which speaks them, and scripts/draw-phrases.
3. Nobody who grew up with de, es, fr or ko has reviewed these languages yet. ko is spoken only if somebody names it in
   `visitor.languages`, because nobody has listened to it yet.

Which cause has which phrase is in causes.py. docs/phrases.md lists both.
"""

from edged.causes import Phrase

LANGUAGES = ("en", "de", "es", "fr", "ko")
UNREVIEWED = ("de", "es", "fr", "ko")
UNHEARD = ("ko",)

_P = Phrase

# fmt: off
TEXTS: dict[Phrase, dict[str, str]] = {
    _P.CANNOT_HEAR: {
        "en": "I cannot hear you. Please ask the staff for help.",
        "de": "Ich kann Sie nicht hören. Bitte wenden Sie sich an das Personal.",
        "es": "No puedo oírle. Por favor, pida ayuda al personal.",
        "fr": "Je ne vous entends pas. Veuillez vous adresser au personnel.",
        "ko": "소리가 들리지 않습니다. 직원에게 문의해 주세요.",
    },
    _P.NO_NETWORK: {
        "en": "I have no network connection. Please tell the staff.",
        "de": "Ich habe keine Netzwerkverbindung. Bitte sagen Sie dem Personal Bescheid.",
        "es": "No tengo conexión a la red. Por favor, avise al personal.",
        "fr": "Je n'ai pas de connexion au réseau. Veuillez prévenir le personnel.",
        "ko": "네트워크에 연결되어 있지 않습니다. 직원에게 알려 주세요.",
    },
    _P.CONNECTING: {
        "en": "I am trying to connect. One moment, please.",
        "de": "Ich versuche, eine Verbindung herzustellen. Einen Moment, bitte.",
        "es": "Estoy intentando conectarme. Un momento, por favor.",
        "fr": "J'essaie de me connecter. Un instant, s'il vous plaît.",
        "ko": "연결하는 중입니다. 잠시만 기다려 주세요.",
    },
    _P.NOT_READY: {
        "en": "I am not ready yet. One moment, please.",
        "de": "Ich bin noch nicht bereit. Einen Moment, bitte.",
        "es": "Todavía me estoy preparando. Un momento, por favor.",
        "fr": "Je me prépare encore. Un instant, s'il vous plaît.",
        "ko": "아직 준비 중입니다. 잠시만 기다려 주세요.",
    },
    _P.OUT_OF_SERVICE: {
        "en": "I am out of service. Please tell the staff.",
        "de": "Ich bin außer Betrieb. Bitte sagen Sie dem Personal Bescheid.",
        "es": "Estoy fuera de servicio. Por favor, avise al personal.",
        "fr": "Je suis hors service. Veuillez prévenir le personnel.",
        "ko": "현재 이용할 수 없습니다. 직원에게 알려 주세요.",
    },
    _P.TRY_AGAIN: {
        "en": "That did not work. Please try again in a moment.",
        "de": "Das hat nicht geklappt. Bitte versuchen Sie es gleich noch einmal.",
        "es": "No ha funcionado. Por favor, inténtelo de nuevo en un momento.",
        "fr": "Cela n'a pas fonctionné. Veuillez réessayer dans un instant.",
        "ko": "처리하지 못했습니다. 잠시 후 다시 시도해 주세요.",
    },
    _P.FAILED: {
        "en": "That did not work. Please tell the staff.",
        "de": "Das hat nicht geklappt. Bitte sagen Sie dem Personal Bescheid.",
        "es": "No ha funcionado. Por favor, avise al personal.",
        "fr": "Cela n'a pas fonctionné. Veuillez prévenir le personnel.",
        "ko": "처리하지 못했습니다. 직원에게 알려 주세요.",
    },
    _P.NO_ANSWER: {
        "en": "I have no answer to that. Please ask something else.",
        "de": "Darauf habe ich keine Antwort. Bitte fragen Sie etwas anderes.",
        "es": "No tengo respuesta a eso. Por favor, pregunte otra cosa.",
        "fr": "Je n'ai pas de réponse à cela. Veuillez poser une autre question.",
        "ko": "그 질문에는 답할 수 없습니다. 다른 질문을 해 주세요.",
    },
    _P.ANSWER_LOST: {
        "en": "I lost the answer. Please ask again.",
        "de": "Die Antwort ist verloren gegangen. Bitte fragen Sie noch einmal.",
        "es": "Se ha perdido la respuesta. Por favor, pregunte de nuevo.",
        "fr": "La réponse s'est perdue. Veuillez reposer votre question.",
        "ko": "답변을 받지 못했습니다. 다시 질문해 주세요.",
    },
    _P.ANSWER_LATE: {
        "en": "The answer is taking too long. Please ask again later.",
        "de": "Die Antwort dauert zu lange. Bitte fragen Sie später noch einmal.",
        "es": "La respuesta tarda demasiado. Por favor, pregunte más tarde.",
        "fr": "La réponse prend trop de temps. Veuillez redemander plus tard.",
        "ko": "답변이 너무 오래 걸립니다. 나중에 다시 질문해 주세요.",
    },
    _P.ANSWER_CUT: {
        "en": "The rest of the answer is missing. Please ask again.",
        "de": "Der Rest der Antwort fehlt. Bitte fragen Sie noch einmal.",
        "es": "Falta el resto de la respuesta. Por favor, pregunte de nuevo.",
        "fr": "Il manque la fin de la réponse. Veuillez reposer votre question.",
        "ko": "답변의 나머지를 받지 못했습니다. 다시 질문해 주세요.",
    },
    _P.ANSWER_TOO_LONG: {
        "en": "The answer is too long, so I stop here.",
        "de": "Die Antwort ist zu lang. Ich höre hier auf.",
        "es": "La respuesta es demasiado larga. Termino aquí.",
        "fr": "La réponse est trop longue. Je m'arrête ici.",
        "ko": "답변이 너무 길어 여기서 마칩니다.",
    },
    _P.NOT_SENT: {
        "en": "I could not send your question. Please try again later.",
        "de": "Ich konnte Ihre Frage nicht senden. Bitte versuchen Sie es später noch einmal.",
        "es": "No he podido enviar su pregunta. Por favor, inténtelo más tarde.",
        "fr": "Je n'ai pas pu envoyer votre question. Veuillez réessayer plus tard.",
        "ko": "질문을 전송하지 못했습니다. 나중에 다시 시도해 주세요.",
    },
    _P.SAY_AGAIN: {
        "en": "I did not get that. Please say it again.",
        "de": "Das habe ich nicht verstanden. Bitte sagen Sie es noch einmal.",
        "es": "No le he entendido. Por favor, repítalo.",
        "fr": "Je n'ai pas compris. Veuillez répéter.",
        "ko": "이해하지 못했습니다. 다시 말씀해 주세요.",
    },
    _P.HOLD_BUTTON: {
        "en": "Please hold the button down while you speak.",
        "de": "Bitte halten Sie die Taste gedrückt, während Sie sprechen.",
        "es": "Mantenga pulsado el botón mientras habla, por favor.",
        "fr": "Veuillez maintenir le bouton enfoncé pendant que vous parlez.",
        "ko": "말씀하시는 동안 버튼을 누르고 계세요.",
    },
    _P.PRESS_AND_SPEAK: {
        "en": "Press the button, speak, and press it again.",
        "de": "Drücken Sie die Taste, sprechen Sie, und drücken Sie noch einmal.",
        "es": "Pulse el botón, hable y vuelva a pulsarlo.",
        "fr": "Appuyez sur le bouton, parlez, puis appuyez de nouveau.",
        "ko": "버튼을 누르고 말씀하신 다음 다시 눌러 주세요.",
    },
    _P.TIME_UP: {
        "en": "That is as long as I can listen. One moment, please.",
        "de": "Länger kann ich nicht zuhören. Einen Moment, bitte.",
        "es": "No puedo escuchar más tiempo. Un momento, por favor.",
        "fr": "Je ne peux pas écouter plus longtemps. Un instant, s'il vous plaît.",
        "ko": "더 오래 들을 수 없습니다. 잠시만 기다려 주세요.",
    },
    _P.ONE_MOMENT: {
        "en": "One moment, please.",
        "de": "Einen Moment, bitte.",
        "es": "Un momento, por favor.",
        "fr": "Un instant, s'il vous plaît.",
        "ko": "잠시만 기다려 주세요.",
    },
    _P.HANG_UP: {
        "en": "Please hang up.",
        "de": "Bitte legen Sie auf.",
        "es": "Por favor, cuelgue.",
        "fr": "Veuillez raccrocher.",
        "ko": "수화기를 내려놓아 주세요.",
    },
    _P.NOTHING_TO_REPEAT: {
        "en": "There is no answer to repeat. Please ask a question.",
        "de": "Es gibt keine Antwort zum Wiederholen. Bitte stellen Sie eine Frage.",
        "es": "No hay ninguna respuesta que repetir. Haga una pregunta, por favor.",
        "fr": "Il n'y a pas de réponse à répéter. Veuillez poser une question.",
        "ko": "다시 들려 드릴 답변이 없습니다. 질문해 주세요.",
    },
    _P.MICROPHONE_OFF: {
        "en": "The microphone is switched off. Please ask the staff.",
        "de": "Das Mikrofon ist ausgeschaltet. Bitte wenden Sie sich an das Personal.",
        "es": "El micrófono está apagado. Por favor, pregunte al personal.",
        "fr": "Le microphone est coupé. Veuillez vous adresser au personnel.",
        "ko": "마이크가 꺼져 있습니다. 직원에게 문의해 주세요.",
    },
    _P.NOTHING_HEARD: {
        "en": "I heard nothing. Please speak close to the microphone.",
        "de": "Ich habe nichts gehört. Bitte sprechen Sie nahe am Mikrofon.",
        "es": "No he oído nada. Por favor, hable cerca del micrófono.",
        "fr": "Je n'ai rien entendu. Veuillez parler près du microphone.",
        "ko": "아무 소리도 들리지 않았습니다. 마이크 가까이에서 말씀해 주세요.",
    },
    _P.SPEAK_LOUDER: {
        "en": "I can hardly hear you. Please speak louder.",
        "de": "Ich höre Sie kaum. Bitte sprechen Sie lauter.",
        "es": "Casi no le oigo. Por favor, hable más alto.",
        "fr": "Je vous entends à peine. Veuillez parler plus fort.",
        "ko": "소리가 너무 작습니다. 더 크게 말씀해 주세요.",
    },
    # No cause has these yet.
    _P.WORKING: {
        "en": "One moment, I am looking that up.",
        "de": "Einen Moment, ich sehe nach.",
        "es": "Un momento, lo estoy mirando.",
        "fr": "Un instant, je vérifie.",
        "ko": "잠시만요, 확인하고 있습니다.",
    },
    _P.BUDGET_REACHED: {
        "en": "I cannot answer any more today. Please come back tomorrow.",
        "de": "Heute kann ich nicht mehr antworten. Bitte kommen Sie morgen wieder.",
        "es": "Hoy ya no puedo responder más. Por favor, vuelva mañana.",
        "fr": "Je ne peux plus répondre aujourd'hui. Veuillez revenir demain.",
        "ko": "오늘은 더 이상 답변할 수 없습니다. 내일 다시 찾아 주세요.",
    },
    _P.CLOSED: {
        "en": "We are closed now. Please come back later.",
        "de": "Es ist jetzt geschlossen. Bitte kommen Sie später wieder.",
        "es": "Ahora está cerrado. Por favor, vuelva más tarde.",
        "fr": "C'est fermé pour le moment. Veuillez revenir plus tard.",
        "ko": "지금은 운영 시간이 아닙니다. 나중에 다시 찾아 주세요.",
    },
    _P.UPDATING: {
        "en": "I am being updated. Please come back in a few minutes.",
        "de": "Ich werde gerade aktualisiert. Bitte kommen Sie in ein paar Minuten wieder.",
        "es": "Me estoy actualizando. Por favor, vuelva en unos minutos.",
        "fr": "Mise à jour en cours. Veuillez revenir dans quelques minutes.",
        "ko": "업데이트 중입니다. 잠시 후 다시 찾아 주세요.",
    },
    _P.STOPPING: {
        "en": "I am switching off now. Goodbye.",
        "de": "Ich schalte mich jetzt aus. Auf Wiedersehen.",
        "es": "Me apago ahora. Adiós.",
        "fr": "Je m'éteins maintenant. Au revoir.",
        "ko": "지금 종료합니다. 안녕히 가세요.",
    },
}
# fmt: on
