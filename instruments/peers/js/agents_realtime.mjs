// @openai/agents-realtime: a session with an agent that has a tool. It drives the conversation on its own where it can.

import { OpenAIRealtimeWebSocket, RealtimeAgent, RealtimeSession, tool } from '@openai/agents-realtime'
import { z } from 'zod'
import { Answer, INSTRUCTIONS, MODEL, PAUSE_S, SERVER_VAD, main, pieces, question, silence } from './report.mjs'

const SPOKEN = ['push-to-talk', 'vad', 'interrupt']

function settings(name) {
  if (name === 'as-it-comes') return {}
  const pcm = { type: 'audio/pcm', rate: 24000 }
  return {
    outputModalities: [SPOKEN.includes(name) ? 'audio' : 'text'],
    audio: {
      input: {
        format: pcm,
        transcription: { model: 'whisper-1' },
        turnDetection: name === 'vad' ? SERVER_VAD : null,
      },
      output: { format: pcm, voice: 'marin' },
    },
  }
}

function watch(session, report) {
  const answers = new Map()
  const { transport } = session
  transport.on('*', (event) => {
    if (event.type === 'response.created') {
      answers.set(event.response.id, new Answer())
      report.answers.push(answers.get(event.response.id))
    }
    if (event.type === 'response.done') {
      const answer = answers.get(event.response.id)
      answer.status = event.response.status
      answer.error = event.response.status_details?.error?.code ?? null
    }
    if (event.event_id) report.saw(event) // events that the library makes itself have none
  })
  transport.on('audio', (event) => answers.get(event.responseId).sound.push(event.data))
  transport.on('audio_transcript_delta', (event) => {
    answers.get(event.responseId).transcript += event.delta
  })
  transport.on('output_text_delta', (event) => {
    answers.get(event.responseId).text += event.delta
  })
  transport.on('function_call', (event) => {
    answers.get(event.responseId).calls.push({ name: event.name, arguments: JSON.parse(event.arguments) })
  })
  session.on('error', ({ error }) => {
    const { code, param, event_id } = error?.error ?? error ?? {}
    report.errors.push({ code: code ?? String(error?.message ?? JSON.stringify(error)), param, event_id })
  })
}

const CONVERSATIONS = {
  async text(session, report) {
    session.sendMessage('Hello from a client.')
    await report.heard('response.done')
  },

  async 'push-to-talk'(session, report) {
    const sound = pieces(question())
    report.sent = sound
    for (const piece of sound.slice(0, -1)) session.sendAudio(piece)
    session.sendAudio(sound.at(-1), { commit: true })
    await report.heard('input_audio_buffer.committed')
    session.transport.requestResponse()
    await report.heard('response.done')
  },

  async vad(session, report) {
    report.sent = pieces(question())
    for (const piece of [...report.sent, ...pieces(silence(1))]) session.sendAudio(piece)
    await report.heard('response.done')
  },

  async 'as-it-comes'(session, report) {
    report.sent = pieces(Buffer.concat([question(), silence(PAUSE_S)]))
    for (const piece of report.sent) session.sendAudio(piece)
    await report.heard('response.done')
  },

  async interrupt(session, report) {
    session.sendMessage('Tell me a long story.')
    await report.until(() => report.answers[0]?.sound.length > 0, 'sound')
    await new Promise((resolve) => setTimeout(resolve, 300)) // the library assumes that this much was heard
    session.interrupt()
    await report.heard('response.done')
    await report.heard('conversation.item.truncated')
    const truncated = report.messages.find((message) => message.type === 'conversation.item.truncated')
    report.truncated.push([truncated.item_id, truncated.audio_end_ms])
    session.sendMessage('Hello again.')
    await report.heard('response.done', 2)
  },

  async tool(session, report) {
    session.sendMessage('What is the weather like in Paris?')
    await report.heard('response.done', 2)
  },

  async error(session, report) {
    const wrong = { type: 'realtime', colour: 'green' }
    session.transport.sendEvent({ type: 'session.update', session: wrong, event_id: 'mine_1' })
    session.transport.sendEvent({ type: 'input_audio_buffer.commit', event_id: 'mine_2' })
    session.transport.sendEvent({ type: 'response.cancel', event_id: 'mine_3' })
    await report.heard('error', 3)
    session.sendMessage('Please refuse this.')
    await report.heard('response.done', 1)
    session.sendMessage('Hello, still there?')
    await report.heard('response.done', 2)
  },
}

main(async (url, name, report) => {
  const weather = tool({
    name: 'get_weather',
    description: 'The weather in a city.',
    parameters: z.object({ city: z.string() }),
    execute: async () => JSON.stringify({ sky: 'clear' }),
  })
  const agent = new RealtimeAgent({
    name: 'kiosk',
    instructions: INSTRUCTIONS,
    tools: name === 'tool' ? [weather] : [],
  })
  const transport = new OpenAIRealtimeWebSocket({ url: `${url}?model=${MODEL}` })
  const session = new RealtimeSession(agent, { transport, model: MODEL, config: settings(name), tracingDisabled: true })
  watch(session, report)
  await session.connect({ apiKey: process.env.KEY })
  await report.heard('session.updated')
  await CONVERSATIONS[name](session, report)
  session.close()
})
