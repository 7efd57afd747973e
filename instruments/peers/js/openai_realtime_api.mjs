// openai-realtime-api: the fork of the beta client that keeps the items of a conversation. Beta, by subprotocol.

import { RealtimeClient } from 'openai-realtime-api'
import { Answer, BYTES_PER_S, INSTRUCTIONS, MODEL, PAUSE_S, SERVER_VAD, main, pieces, question, silence } from './report.mjs'

const HEARD_MS = 700

function watch(client, report) {
  client.on('realtime.event', ({ source, event }) => {
    if (source !== 'server') return
    if (event.type === 'response.created') report.answers.push(new Answer())
    if (event.type === 'response.done') ended(client, report.answers.at(-1), event.response)
    if (event.type === 'error') {
      const { code, param, event_id } = event.error
      report.errors.push({ code, param, event_id })
    }
    report.saw(event)
  })
}

/** The response as the client has it in its own items. */
function ended(client, answer, response) {
  answer.status = response.status
  answer.error = response.status_details?.error?.code ?? null
  for (const { id } of response.output) {
    const { formatted } = client.conversation.getItem(id)
    answer.text += formatted.text
    answer.transcript += formatted.transcript
    answer.sound.push(new Uint8Array(formatted.audio.buffer.slice(0)))
    if (formatted.tool) {
      answer.calls.push({ name: formatted.tool.name, arguments: JSON.parse(formatted.tool.arguments) })
    }
  }
}

function say(client, text) {
  client.sendUserMessageContent([{ type: 'input_text', text }])
}

const CONVERSATIONS = {
  async text(client, report) {
    say(client, 'Hello from a client.')
    await report.heard('response.done')
  },

  async 'push-to-talk'(client, report) {
    report.sent = pieces(question())
    for (const piece of report.sent) client.appendInputAudio(piece)
    client.createResponse() // also commits
    await report.heard('response.done')
  },

  async vad(client, report) {
    report.sent = pieces(question())
    for (const piece of [...report.sent, ...pieces(silence(1))]) client.appendInputAudio(piece)
    await report.heard('response.done')
  },

  async 'as-it-comes'(client, report) {
    report.sent = pieces(Buffer.concat([question(), silence(PAUSE_S)]))
    for (const piece of report.sent) client.appendInputAudio(piece)
    client.createResponse() // this library requests no turn detection unless it is configured
    await report.heard('response.done')
  },

  async interrupt(client, report) {
    say(client, 'Tell me a long story.')
    const answer = () => client.conversation.getItems().find((item) => item.role === 'assistant')
    await report.until(() => answer()?.formatted.audio.byteLength >= BYTES_PER_S, 'sound')
    const { id } = answer()
    client.cancelResponse(id, (HEARD_MS * BYTES_PER_S) / 2 / 1000)
    await report.heard('response.done')
    await report.heard('conversation.item.truncated')
    const truncated = report.messages.find((message) => message.type === 'conversation.item.truncated')
    report.truncated.push([truncated.item_id, truncated.audio_end_ms])
    report.notes.kept_bytes = answer().formatted.audio.byteLength
    say(client, 'Hello again.')
    await report.heard('response.done', 2)
  },

  async tool(client, report) {
    client.addTool(
      {
        name: 'get_weather',
        description: 'The weather in a city.',
        parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
      },
      async () => ({ sky: 'clear' }),
    )
    await report.heard('session.updated', 2)
    say(client, 'What is the weather like in Paris?')
    await report.heard('response.done', 2)
  },

  async error(client, report) {
    client.realtime.send('session.update', { session: { colour: 'green' }, event_id: 'mine_1' })
    client.realtime.send('input_audio_buffer.commit', { event_id: 'mine_2' })
    client.realtime.send('response.cancel', { event_id: 'mine_3' })
    await report.heard('error', 3)
    say(client, 'Please refuse this.')
    await report.heard('response.done', 1)
    say(client, 'Hello, still there?')
    await report.heard('response.done', 2)
  },
}

main(async (url, name, report) => {
  const spoken = ['push-to-talk', 'vad', 'interrupt'].includes(name)
  const settings = {
    instructions: INSTRUCTIONS,
    modalities: spoken ? ['text', 'audio'] : ['text'],
    turn_detection: name === 'vad' ? SERVER_VAD : null,
  }
  const client = new RealtimeClient({
    url,
    apiKey: process.env.KEY,
    model: MODEL,
    sessionConfig: name === 'as-it-comes' ? {} : settings,
  })
  // the library only logs what it cannot understand, and only in debug mode
  const complaints = []
  client.conversation.debug = true
  console.error = (...words) => complaints.push(words.map(String).join(' '))
  console.warn = console.error
  watch(client, report)
  await client.connect()
  await report.heard('session.updated')
  await CONVERSATIONS[name](client, report)
  client.disconnect()
  if (complaints.length) throw new Error(`the library complains: ${complaints.join('; ')}`)
})
