// The provider and the demo service as they are shipped: real processes, each on a port of its
// own, with a configuration and a database that nobody else uses.

import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'

const BIN = resolve(process.env.BIN ?? '../../target/debug')
const CONFIG = resolve('../../config')
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

    const options = [...optionsOf(directory), 'serve']
    const child = await Child.start('get-an-identity', options, {}, `${issuer}/health/ready`)
    return new Provider(issuer, directory, child)
  }

  /** Runs a command of the program beside the server, and gives what it prints. */
  async run(...command) {
    const program = join(BIN, 'get-an-identity')
    const { stdout } = await promisify(execFile)(program, [...optionsOf(this.directory), ...command])
    return stdout
  }

  /** Fills the provider with the people and the training providers of the samples in config/. */
  async knowsTheSamples() {
    await this.run('records', 'import', join(CONFIG, 'teacher-records.sample.csv'))
    await this.run('providers', 'import', join(CONFIG, 'training-providers.sample.csv'))
  }

  constructor(issuer, directory, child) {
    this.issuer = issuer
    this.directory = directory
    this.child = child
  }

  url(path) {
    return this.issuer + path
  }

  /** The emails that went to an address, the newest first. */
  async mailsTo(address) {
    const response = await fetch(this.url('/dev/mailbox.json'))
    const mails = await response.json()
    return mails.filter(({ to }) => to === address)
  }

  /** What a pattern finds in an email to an address; most are sent by a job, a moment later. */
  async findInMailTo(address, pattern) {
    const deadline = Date.now() + PATIENCE_MS
    while (Date.now() < deadline) {
      const mails = await this.mailsTo(address)
      const [found] = mails.flatMap(({ text }) => text.match(pattern) ?? [])
      if (found) {
        return found
      }
      await pause(50)
    }
    throw new Error(`no email to ${address} has ${pattern}`)
  }

  /** The newest email with a code that went to an address; only one to sign in has a link, too. */
  async mailTo(address) {
    const mails = await this.mailsTo(address)
    const mail = mails.find(({ subject }) => /^\d{6} /.test(subject))
    if (!mail) {
      throw new Error(`no code was sent to ${address}`)
    }
    const [code] = mail.subject.match(/^\d{6}/)
    const [link] = mail.text.match(/http\S+\/sign-in\/link\/\S+/) ?? []
    return { id: mail.id, code, link }
  }

  async stop() {
    await this.child.stop()
    await rm(this.directory, { recursive: true })
  }
}

function optionsOf(directory) {
  return ['--config-dir', directory, '--environment', 'test']
}

/** The demo service, registered with a provider as {@link Demo.clients} says. */
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

  /** A client for each kind of service that the demo can be, by the name of its choice. */
  get clients() {
    const variant = (name, settings) => ({
      ...this.client,
      client_id: `demo-${name}`,
      scope: `${this.client.scope} ${name === 'national-insurance' ? 'national_insurance' : 'trn'}`,
      ...settings,
    })
    return [
      this.client,
      variant('trn-optional', { trn_requirement: 'optional' }),
      variant('trn-required', { trn_requirement: 'required' }),
      variant('trn-strict', { trn_requirement: 'required', match_policy: 'strict' }),
      variant('trn-pending', {
        trn_requirement: 'required',
        continue_while_pending: true,
        event_endpoint: `${this.address}/events`,
      }),
      variant('national-insurance', {}),
      variant('two-factors-required', { scope: this.client.scope, minimum_acr: 'Cl.Cm' }),
      variant('two-factors-preferred', { scope: this.client.scope }),
    ]
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
