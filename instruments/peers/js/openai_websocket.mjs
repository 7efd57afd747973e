// openai, over the WebSocket that Node itself has, as in a browser: the key is a subprotocol.

import OpenAI from 'openai'
import { OpenAIRealtimeWebSocket } from 'openai/realtime/websocket'
import { baseOf, run } from './openai_realtime.mjs'
import { MODEL } from './report.mjs'

run((url) => new OpenAIRealtimeWebSocket({ model: MODEL }, new OpenAI({ apiKey: process.env.KEY, baseURL: baseOf(url) })))
