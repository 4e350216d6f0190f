// A relying service that only keeps what browsers bring back to it, and shows a plain page; and what
// the provider pushes to it.

import { EventEmitter, once } from 'node:events'
import { createServer } from 'node:http'

export class RelyingService {
  static async start() {
    const service = new RelyingService()
    await once(service.server.listen(0, '127.0.0.1'), 'listening')
    service.address = `http://localhost:${service.server.address().port}`
    return service
  }

  constructor() {
    this.arrivals = []
    this.events = new EventEmitter()
    this.server = createServer((request, response) => this.#answer(request, response))
  }

  get redirectUri() {
    return `${this.address}/callback`
  }

  get postLogoutRedirectUri() {
    return `${this.address}/goodbye`
  }

  get eventEndpoint() {
    return `${this.address}/events`
  }

  /** The next event that is pushed, as it was sent. */
  async nextEvent() {
    const [request] = await once(this.events, 'pushed')
    return request
  }

  /** A client of this service: every entry that a test does not care about. */
  client(settings) {
    return {
      client_name: 'Apply for a qualification',
      redirect_uris: [this.redirectUri],
      post_logout_redirect_uris: [this.postLogoutRedirectUri],
      client_uri: `${this.address}/`,
      ...settings,
    }
  }

  /** What a client of this service shows of itself, and where signing in to it begins. */
  get links() {
    return {
      logo_uri: `${this.address}/logo.svg`,
      policy_uri: `${this.address}/privacy`,
      tos_uri: `${this.address}/terms`,
      initiate_login_uri: `${this.address}/login`,
    }
  }

  /** What a browser brought last, as the request that a web framework would see. */
  arrival() {
    return this.arrivals.at(-1)
  }

  async stop() {
    this.server.closeAllConnections()
    this.server.close()
    await once(this.server, 'close')
  }

  async #answer(request, response) {
    const body = []
    for await (const chunk of request) {
      body.push(chunk)
    }
    const { pathname } = new URL(request.url, this.address)
    if (pathname === '/events') {
      this.events.emit('pushed', { type: request.headers['content-type'], token: Buffer.concat(body).toString() })
      response.writeHead(202).end()
      return
    }
    if (pathname === '/logo.svg') {
      response.setHeader('content-type', 'image/svg+xml')
      response.end('<svg xmlns="http://www.w3.org/2000/svg" width="120" height="40"><rect width="120" height="40" fill="#00703c"/></svg>')
      return
    }
    if (pathname === '/callback' || pathname === '/goodbye') {
      const { method, headers } = request
      const contents = method === 'POST' ? { body: Buffer.concat(body) } : {}
      const type = { 'content-type': headers['content-type'] ?? '' }
      this.arrivals.push(new Request(this.address + request.url, { method, headers: type, ...contents }))
    }
    response.setHeader('content-type', 'text/html; charset=utf-8')
    response.end(`<!doctype html><html lang="en"><title>Back</title><link rel="icon" href="data:,"><h1>You are back at ${pathname}</h1>`)
  }
}
