// openai, over the package ws.

import OpenAI from 'openai'
import { OpenAIRealtimeWS } from 'openai/realtime/ws'
import { baseOf, run } from './openai_realtime.mjs'
import { MODEL } from './report.mjs'

run((url) => new OpenAIRealtimeWS({ model: MODEL }, new OpenAI({ apiKey: process.env.KEY, baseURL: baseOf(url) })))
