// openai for JavaScript, which connects by TLS only. Three programs use this module, one for each way to connect.

import { Answer, BYTES_PER_S, INSTRUCTIONS, PAUSE_S, SERVER_VAD, main, pieces, question, silence } from './report.mjs'

const HEARD_MS = 700
const SPOKEN = ['push-to-talk', 'vad', 'interrupt']
const WEATHER = {
  type: 'function',
  name: 'get_weather',
  description: 'The weather in a city.',
  parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
}

function settings(name) {
  const pcm = { type: 'audio/pcm', rate: 24000 }
  return {
    type: 'realtime',
    output_modalities: [SPOKEN.includes(name) ? 'audio' : 'text'],
    instructions: INSTRUCTIONS,
    audio: {
      input: {
        format: pcm,
        transcription: { model: 'whisper-1' },
        turn_detection: name === 'vad' ? SERVER_VAD : null,
      },
      output: { format: pcm, voice: 'marin' },
    },
    tools: name === 'tool' ? [WEATHER] : [],
    tool_choice: 'auto',
  }
}

function watch(client, report) {
  const answer = () => report.answers.at(-1)
  client.on('response.created', () => report.answers.push(new Answer()))
  client.on('response.output_audio.delta', ({ delta }) => answer().sound.push(Buffer.from(delta, 'base64')))
  client.on('response.output_audio_transcript.delta', ({ delta }) => (answer().transcript += delta))
  client.on('response.output_text.delta', ({ delta }) => (answer().text += delta))
  client.on('response.done', ({ response }) => {
    answer().status = response.status
    answer().error = response.status_details?.error?.code ?? null
    for (const item of response.output) {
      if (item.type !== 'function_call') continue
      answer().calls.push({ name: item.name, arguments: JSON.parse(item.arguments), call_id: item.call_id })
    }
  })
  // last, so that whoever waits for an event finds it in the answer
  client.on('event', (event) => setImmediate(() => report.saw(event)))
}

/** Errors of the service belong to the report; any other error of the connection ends the conversation. */
function listenForErrors(client, report) {
  return new Promise((_, reject) => {
    client.on('error', (error) => {
      if (!error.error) return reject(error.cause ?? error)
      const { code, param, event_id } = error.error
      report.errors.push({ code, param, event_id })
    })
  })
}

function append(client, sound) {
  for (const piece of sound) {
    client.send({ type: 'input_audio_buffer.append', audio: Buffer.from(piece).toString('base64') })
  }
}

function say(client, text) {
  const content = [{ type: 'input_text', text }]
  client.send({ type: 'conversation.item.create', item: { type: 'message', role: 'user', content } })
  client.send({ type: 'response.create' })
}

async function ask(client, report, text) {
  const before = report.answers.length
  say(client, text)
  await report.heard('response.done', before + 1)
}

const CONVERSATIONS = {
  text: (client, report) => ask(client, report, 'Hello from a client.'),

  async 'push-to-talk'(client, report) {
    append(client, pieces(silence(0.2))) // a press that was taken back
    client.send({ type: 'input_audio_buffer.clear' })
    report.sent = pieces(question())
    append(client, report.sent)
    client.send({ type: 'input_audio_buffer.commit' })
    client.send({ type: 'response.create' })
    await report.heard('response.done')
  },

  async vad(client, report) {
    report.sent = pieces(question())
    append(client, [...report.sent, ...pieces(silence(1))])
    await report.heard('response.done')
  },

  async 'as-it-comes'(client, report) {
    report.sent = pieces(Buffer.concat([question(), silence(PAUSE_S)]))
    append(client, report.sent)
    await report.heard('response.done')
  },

  async interrupt(client, report) {
    say(client, 'Tell me a long story.')
    const received = () => report.answers[0]?.sound.reduce((sum, piece) => sum + piece.length, 0) ?? 0
    await report.until(() => received() >= BYTES_PER_S, 'sound')
    client.send({ type: 'response.cancel' })
    await report.heard('response.done')
    const { id } = report.messages.findLast((message) => message.type === 'response.done').response.output[0]
    client.send({ type: 'conversation.item.truncate', item_id: id, content_index: 0, audio_end_ms: HEARD_MS })
    await report.heard('conversation.item.truncated')
    const truncated = report.messages.find((message) => message.type === 'conversation.item.truncated')
    report.truncated.push([truncated.item_id, truncated.audio_end_ms])
    await ask(client, report, 'Hello again.')
  },

  async tool(client, report) {
    await ask(client, report, 'What is the weather like in Paris?')
    for (const call of report.answers[0].calls) {
      const item = { type: 'function_call_output', call_id: call.call_id, output: '{"sky": "clear"}' }
      client.send({ type: 'conversation.item.create', item })
    }
    client.send({ type: 'response.create' })
    await report.heard('response.done', 2)
  },

  async error(client, report) {
    client.send({ type: 'session.update', session: { type: 'realtime', colour: 'green' }, event_id: 'mine_1' })
    client.send({ type: 'input_audio_buffer.commit', event_id: 'mine_2' })
    client.send({ type: 'response.cancel', event_id: 'mine_3' })
    await report.heard('error', 3)
    await ask(client, report, 'Please refuse this.')
    await ask(client, report, 'Hello, still there?')
  },
}

/** The client's base URL, to which it adds `/realtime`. */
export function baseOf(url) {
  return url.replace(/^wss:/, 'https:').replace(/\/realtime$/, '')
}

/** Run the program: `connect(url)` opens a connection, or promises one. */
export function run(connect) {
  return main(async (url, name, report) => {
    const client = await connect(url)
    const failed = listenForErrors(client, report)
    watch(client, report)
    const talked = (async () => {
      await report.heard('session.created')
      if (name !== 'as-it-comes') {
        client.send({ type: 'session.update', session: settings(name) })
        await report.heard('session.updated')
      }
      await CONVERSATIONS[name](client, report)
    })()
    await Promise.race([talked, failed])
    client.close()
  })
}
