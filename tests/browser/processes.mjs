// The provider and the demo service as they are shipped: real processes, each on a port of its
// own, with a configuration and a database that nobody else uses.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

const BIN = resolve(process.env.BIN ?? '../../target/debug')
const PATIENCE_MS = 30_000

/** A provider that runs until `stop()`. Its settings are those of config/default.toml. */
export class Provider {
  /**
   * @param clients entries of a clients file, in the words of config/clients.example.toml
   * @param settings sections to lay over the defaults, for example `{ email_code: { tries: 3 } }`
   */
  static async start({ clients, settings = {} }) {
    const port = await freePort()
    const issuer = `http://localhost:${port}`
    const directory = await mkdtemp(join(tmpdir(), 'identity-'))
    const clientsFile = join(directory, 'clients.toml')
    await writeFile(clientsFile, `clients = ${toml(clients)}\n`)
    const configuration = {
      issuer,
      clients: { file: clientsFile },
      http: { listen: [`127.0.0.1:${port}`], workers: 1 },
      database: { url: `sqlite:${join(directory, 'identity.sqlite3')}`, migrate_on_start: true },
      secrets: { directory },
      mail: { adapter: 'dev-mailbox' },
      logging: { format: 'text' },
      contact: { organisation: 'The Department for Examples', support_email: 'help@identity.example' },
      ...settings,
    }
    const lines = Object.entries(configuration).map(([key, value]) => `${key} = ${toml(value)}\n`)
    await writeFile(join(directory, 'test.toml'), lines.join(''))

    const options = ['--config-dir', directory, '--environment', 'test', 'serve']
    const child = await Child.start('get-an-identity', options, {}, `${issuer}/health/ready`)
    return new Provider(issuer, directory, child)
  }

  constructor(issuer, directory, child) {
    this.issuer = issuer
    this.directory = directory
    this.child = child
  }

  url(path) {
    return this.issuer + path
  }

  /** The newest email with a code that went to an address. */
  async mailTo(address) {
    const response = await fetch(this.url('/dev/mailbox.json'))
    const mails = await response.json()
    const mail = mails.find(({ to, subject }) => to === address && /^\d{6} /.test(subject))
    if (!mail) {
      throw new Error(`no code was sent to ${address}`)
    }
    const [code] = mail.subject.match(/^\d{6}/)
    const [link] = mail.text.match(/http\S+\/sign-in\/link\/\S+/)
    return { id: mail.id, code, link }
  }

  async stop() {
    await this.child.stop()
    await rm(this.directory, { recursive: true })
  }
}

/** The demo service, registered with a provider as {@link Demo.client} says. */
export class Demo {
  static async reserve() {
    return new Demo(await freePort())
  }

  constructor(port) {
    this.port = port
    this.address = `http://localhost:${port}`
  }

  get client() {
    return {
      client_id: 'demo',
      client_name: 'Demo service',
      client_secret: 'a-secret-for-the-browser-tests',
      redirect_uris: [`${this.address}/callback`],
      post_logout_redirect_uris: [`${this.address}/signed-out`],
      client_uri: `${this.address}/`,
      grant_types: ['authorization_code', 'refresh_token'],
      scope: 'email offline_access openid profile',
    }
  }

  async start(provider) {
    const options = ['--issuer', provider.issuer, '--listen', `127.0.0.1:${this.port}`]
    const variables = { DEMO_CLIENT_SECRET: this.client.client_secret }
    this.child = await Child.start('demo', options, variables, this.address)
  }

  async stop() {
    await this.child?.stop()
  }
}

/** One of our binaries while it runs. It gets no variable of this process but `PATH`. */
class Child {
  static async start(name, options, variables, readyUrl) {
    const env = { PATH: process.env.PATH, ...variables }
    const child = new Child(spawn(join(BIN, name), options, { env, stdio: 'pipe' }))
    const deadline = Date.now() + PATIENCE_MS
    while (!(await answers(readyUrl))) {
      if (child.hasEnded || Date.now() > deadline) {
        await child.stop()
        throw new Error(`${name} did not start:\n${child.output}`)
      }
      await pause(25)
    }
    return child
  }

  constructor(process) {
    this.process = process
    this.output = ''
    this.hasEnded = false
    this.ended = once(process, 'close').then(() => (this.hasEnded = true))
    for (const stream of [process.stdout, process.stderr]) {
      stream.setEncoding('utf8').on('data', text => (this.output += text))
    }
  }

  async stop() {
    this.process.kill('SIGTERM')
    await this.ended
  }
}

async function answers(url) {
  try {
    const response = await fetch(url)
    return response.ok
  } catch {
    return false
  }
}

/** A loopback port on which nothing listens at the moment. */
export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}

/** A value in TOML, tables inline. */
function toml(value) {
  if (Array.isArray(value)) {
    return `[${value.map(toml).join(', ')}]`
  }
  if (typeof value === 'object') {
    return `{ ${Object.entries(value).map(([key, item]) => `${key} = ${toml(item)}`).join(', ')} }`
  }
  return JSON.stringify(value)
}
