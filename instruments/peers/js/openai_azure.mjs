// openai, its client for Azure: it connects below /openai/v1, and its key is in the header api-key.

import { AzureOpenAI } from 'openai'
import { OpenAIRealtimeWS } from 'openai/realtime/ws'
import { run } from './openai_realtime.mjs'
import { MODEL } from './report.mjs'

run((url) => {
  const endpoint = new URL(url.replace(/^wss:/, 'https:')).origin
  const options = { endpoint, apiKey: process.env.KEY, deployment: MODEL, apiVersion: '2025-08-28' }
  return OpenAIRealtimeWS.azure(new AzureOpenAI(options))
})
