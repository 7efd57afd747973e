// What a program saw, as one JSON line per conversation: the same form as clients/report.py.

import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { inspect } from 'node:util'

export const BYTES_PER_S = 48_000 // PCM16, mono, 24 kHz
export const MODEL = 'gpt-realtime'
export const INSTRUCTIONS = 'Answer briefly.'
export const SERVER_VAD = {
  type: 'server_vad',
  threshold: 0.5,
  prefix_padding_ms: 300,
  silence_duration_ms: 400,
  create_response: true,
  interrupt_response: true,
}
export const PAUSE_S = 5 // of silence: any detector treats it as the end
const WAV_HEADER_BYTES = 44
const KEPT_BASE64 = 64 // characters of a delta: enough to check that it is text, and short
const LONGEST_MS = 12_000 // for one conversation: an event that is missing by then does not come

export class Answer {
  status = ''
  text = ''
  transcript = ''
  sound = []
  calls = []
  error = null
}

export class Report {
  session_id = ''
  messages = []
  answers = []
  errors = []
  truncated = []
  sent = []
  notes = {}
  failure = null
  #waiting = []

  constructor(conversation) {
    this.conversation = conversation
  }

  /** Keep a message of the server as it arrived, without most of its sound. */
  saw(message) {
    const sound = message.type.includes('audio.delta')
    this.messages.push(sound ? { ...message, delta: message.delta.slice(0, KEPT_BASE64) } : message)
    if (message.type === 'session.created') this.session_id = message.session.id
    this.#waiting = this.#waiting.filter((look) => !look())
  }

  /** Wait until this many of these events have arrived. */
  heard(name, times = 1) {
    const sought = () => this.messages.filter((message) => message.type === name).length >= times
    return this.until(sought, `${times} x ${name}`)
  }

  /** Wait until `sought()` is true; it is called after each message. */
  until(sought, what) {
    return new Promise((resolve, reject) => {
      const limit = setTimeout(() => {
        const last = this.messages.slice(-5).map((message) => message.type)
        reject(new Error(`no ${what}; the last events were ${last}; errors: ${JSON.stringify(this.errors)}`))
      }, LONGEST_MS)
      const look = () => {
        if (!sought()) return false
        clearTimeout(limit)
        resolve()
        return true
      }
      if (!look()) this.#waiting.push(look)
    })
  }

  toJSON() {
    const answers = this.answers.map((answer) => ({ ...answer, sound: sumOf(answer.sound) }))
    return { ...this, answers, sent: sumOf(this.sent) }
  }
}

function sumOf(pieces) {
  const sound = Buffer.concat(pieces.map((piece) => Buffer.from(piece)))
  return { bytes: sound.length, sha256: createHash('sha256').update(sound).digest('hex') }
}

/** A spoken question: PCM16, mono, 24 kHz, from the WAV file that QUESTION names. */
export function question() {
  return readFileSync(process.env.QUESTION).subarray(WAV_HEADER_BYTES)
}

export function silence(seconds) {
  return Buffer.alloc(BYTES_PER_S * seconds)
}

/** Sound in pieces, as a microphone delivers it; each piece has a buffer of its own. */
export function pieces(sound, ms = 40) {
  const size = (BYTES_PER_S * ms) / 1000
  const found = []
  for (let start = 0; start < sound.length; start += size) {
    found.push(new Uint8Array(sound.subarray(start, start + size)).buffer)
  }
  return found
}

/** `PROGRAM URL CONVERSATION...`: print one line per conversation; non-zero if any of them failed. */
export async function main(hold) {
  const [url, ...conversations] = process.argv.slice(2)
  let failed = false
  for (const name of conversations) {
    const report = new Report(name)
    try {
      await hold(url, name, report)
    } catch (error) {
      failed = true
      report.failure = error instanceof Error ? String(error) : inspect(error)
      process.stderr.write(`${error?.stack ?? error}\n`)
    }
    await new Promise((resolve) => process.stdout.write(`${JSON.stringify(report)}\n`, resolve))
  }
  process.exit(failed ? 1 : 0)
}
