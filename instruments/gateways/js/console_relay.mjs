// A relay as people build it from the realtime console: a page speaks to the relay, and the relay, which has the
// key, speaks to the service. Usage: node console_relay.mjs PORT KEY
//
// It uses the console's client library, which sets up a session of its own as soon as it is connected. The page gets
// the confirmation of that session like any other event, before the confirmation of the page's own request. Messages
// of a page wait until the service is connected. The service is the embedded one, on the port in the query
// (`upstream=8765`). A real relay would have no such parameter.

import { RealtimeClient } from 'openai-realtime-api'
import { WebSocketServer } from 'ws'

const [port, apiKey] = process.argv.slice(2)

async function relayed(page, request) {
  const asked = new URL(request.url, 'ws://127.0.0.1').searchParams
  const url = `ws://127.0.0.1:${Number(asked.get('upstream'))}/v1/realtime`
  const service = new RealtimeClient({ url, apiKey })
  const waiting = []
  const pass = (data) => {
    const event = JSON.parse(data.toString())
    service.realtime.send(event.type, event)
  }
  page.on('message', (data) => (service.isConnected ? pass(data) : waiting.push(data)))
  page.on('close', () => service.disconnect())
  service.realtime.on('server.*', (event) => page.send(JSON.stringify(event)))
  service.realtime.on('close', () => page.close())
  try {
    await service.connect()
  } catch {
    page.close()
    return
  }
  waiting.splice(0).forEach(pass)
}

new WebSocketServer({ port: Number(port), host: '127.0.0.1' }).on('connection', relayed)
