// Starts `souk demo` on free ports with a folder of its own and stops it again. Ports are asked
// from the system right before use; SOUK_BIN names the binary.
import { spawn, type ChildProcess } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test as base, type Browser, type BrowserContext, type Page } from '@playwright/test'

export type Role = 'buyer' | 'seller' | 'host' | 'admin'

export interface Account {
  email: string
  password: string
  role: Role
}

/** What the demo writes when it is ready. */
export interface Ready {
  http: string
  whip: string
  stream_id: string
  stream_key: string
  watch_url: string
  studio_url: string
  accounts: Account[]
}

export interface DemoOptions {
  /** Further flags, as `--no-broadcast`. */
  flags?: string[]
  env?: Record<string, string>
  /** Longest wait for the ready file, milliseconds. */
  readyMs?: number
}

/** A running demo. */
export class Demo {
  constructor(
    readonly ready: Ready,
    private process: Spawned,
    readonly folder: string,
  ) {}

  get child(): ChildProcess {
    return this.process.child
  }

  /** The address of a path of the site. */
  url(path: string): string {
    return new URL(path, this.ready.http).href
  }

  /** The nth account of a role. */
  account(role: Role, index = 0): Account {
    const account = this.ready.accounts.filter((each) => each.role === role)[index]
    if (!account) throw new Error(`the demo has no ${role} ${index}`)
    return account
  }

  /** What the process has written so far; for messages of failing tests. */
  log(): string {
    return this.process.output.join('')
  }

  /** Signs in over HTTP and returns an access token. */
  async token(account: Account): Promise<string> {
    const answer = await this.api('/api/auth/login', { method: 'POST', body: { email: account.email, password: account.password } })
    return (answer as { access_token: string }).access_token
  }

  /** Calls the API; throws on a refusal. */
  async api(path: string, options: { method?: string; body?: unknown; token?: string; headers?: Record<string, string> } = {}): Promise<unknown> {
    const headers: Record<string, string> = { ...options.headers }
    if (options.token) headers['authorization'] = `Bearer ${options.token}`
    if (options.body !== undefined) headers['content-type'] = 'application/json'
    const init: RequestInit = { method: options.method ?? 'GET', headers }
    if (options.body !== undefined) init.body = JSON.stringify(options.body)
    const response = await fetch(this.url(path), init)
    const text = await response.text()
    if (!response.ok) throw new Error(`${init.method} ${path}: ${response.status} ${text}`)
    return text === '' ? null : JSON.parse(text)
  }

  /** Kills the process, waits `downMs`, and starts it again on the same data and ports. */
  async crash(downMs: number): Promise<void> {
    await end(this.child, 'SIGKILL')
    rmSync(this.process.readyFile, { force: true })
    await new Promise((resolve) => setTimeout(resolve, downMs))
    this.process = this.process.again()
    await whenReady(this.process, 60_000)
  }

  /** Stops the process, by force if it does not leave, and removes its folder. */
  async stop(): Promise<void> {
    await end(this.child, 'SIGTERM')
    rmSync(this.folder, { recursive: true, force: true })
  }
}

interface Spawned {
  child: ChildProcess
  output: string[]
  readyFile: string
  again(): Spawned
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  child.kill(signal)
  const force = setTimeout(() => child.kill('SIGKILL'), 8000)
  await gone
  clearTimeout(force)
}

/** Starts the demo and waits until its ready file is there. */
export async function startDemo(options: DemoOptions = {}): Promise<Demo> {
  const binary = process.env['SOUK_BIN']
  if (!binary || !existsSync(binary)) throw new Error(`SOUK_BIN must name the souk binary (it is ${binary ?? 'not set'})`)
  const folder = mkdtempSync(join(tmpdir(), 'souk-e2e-'))
  const readyFile = join(folder, 'ready.json')
  const http = `127.0.0.1:${await freeTcpPort()}`
  const media = await freeUdpPorts(4)
  const flags = ['demo', '--http', http, '--media-udp-port', String(media), '--data-dir', join(folder, 'data'), '--ready-file', readyFile]
  const run = (output: string[]): Spawned => {
    const child = spawn(binary, [...flags, ...(options.flags ?? [])], {
      cwd: folder,
      env: { ...foreignEnv(), ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => output.push(chunk.toString()))
    return { child, output, readyFile, again: () => run(output) }
  }
  const spawned = run([])
  try {
    return new Demo(await whenReady(spawned, options.readyMs ?? 60_000), spawned, folder)
  } catch (error) {
    await end(spawned.child, 'SIGTERM')
    rmSync(folder, { recursive: true, force: true })
    throw error
  }
}

async function whenReady({ child, output, readyFile }: Spawned, withinMs: number): Promise<Ready> {
  const deadline = Date.now() + withinMs
  while (Date.now() < deadline && child.exitCode === null) {
    const ready = readReady(readyFile)
    if (ready) return ready
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`souk demo was not ready; it said:\n${output.join('')}`)
}

/** Our environment without `SOUK_…`: the server takes those for its configuration. */
function foreignEnv(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('SOUK_')))
}

function readReady(path: string): Ready | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Ready
  } catch {
    return null
  }
}

/** A TCP port of the loopback that is free now. */
export function freeTcpPort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      const port = typeof address === 'object' && address ? address.port : 0
      server.close(() => resolve(port))
    })
  })
}

/** The first of `count` neighbouring UDP ports that are free now, one per shard. */
export async function freeUdpPorts(count: number): Promise<number> {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const first = 20_000 + Math.floor(Math.random() * 10_000)
    const held = await Promise.all(Array.from({ length: count }, (_, index) => holdUdp(first + index)))
    for (const socket of held) socket?.close()
    if (held.every((socket) => socket !== null)) return first
  }
  throw new Error('no free UDP ports')
}

function holdUdp(port: number): Promise<ReturnType<typeof createSocket> | null> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4')
    socket.once('error', () => resolve(null))
    socket.bind(port, '127.0.0.1', () => resolve(socket))
  })
}

/** A test with one demo for all tests of its file; the server's words go with a failure. */
export const test = base.extend<{ attachLog: void }, { demo: Demo; demoOptions: DemoOptions }>({
  demoOptions: [{}, { option: true, scope: 'worker' }],
  demo: [
    async ({ demoOptions }, use) => {
      const demo = await startDemo(demoOptions)
      await use(demo)
      await demo.stop()
    },
    { scope: 'worker', timeout: 90_000 },
  ],
  attachLog: [
    async ({ demo }, use, info) => {
      await use()
      if (info.status !== info.expectedStatus) await info.attach('souk.log', { body: demo.log(), contentType: 'text/plain' })
    },
    { auto: true },
  ],
})

export { expect }

/** A window of its own: own cookies, own storage. */
export async function openWindow(browser: Browser, size: { width: number; height: number }): Promise<{ context: BrowserContext; page: Page }> {
  const context = await browser.newContext({ viewport: size, locale: 'en-US', permissions: ['camera', 'microphone'] })
  return { context, page: await context.newPage() }
}

/** What a page's peer connections have decoded, summed over all of them. */
export interface Decoded {
  connections: number
  framesDecoded: number
  audioSamples: number
  audioEnergy: number
  width: number
  height: number
}

/** Lets a page's peer connections be looked at; call before the page is opened. */
export async function watchPeers(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const peers: RTCPeerConnection[] = []
    const Native = window.RTCPeerConnection
    window.RTCPeerConnection = new Proxy(Native, {
      construct(target, args: [RTCConfiguration?]) {
        const peer = new target(...args)
        peers.push(peer)
        return peer
      },
    })
    Object.assign(window, { soukPeers: peers })
  })
}

/** Reads `getStats` of all peer connections that `watchPeers` saw. */
export async function decoded(page: Page): Promise<Decoded> {
  return page.evaluate(async () => {
    const peers = (window as unknown as { soukPeers?: RTCPeerConnection[] }).soukPeers ?? []
    const sum = { connections: peers.length, framesDecoded: 0, audioSamples: 0, audioEnergy: 0, width: 0, height: 0 }
    for (const peer of peers) {
      for (const report of (await peer.getStats()).values() as Iterable<Record<string, unknown>>) {
        if (report['type'] !== 'inbound-rtp') continue
        sum.framesDecoded += Number(report['framesDecoded'] ?? 0)
        sum.width = Math.max(sum.width, Number(report['frameWidth'] ?? 0))
        sum.height = Math.max(sum.height, Number(report['frameHeight'] ?? 0))
        if (report['kind'] !== 'audio') continue
        sum.audioSamples += Number(report['totalSamplesReceived'] ?? 0)
        sum.audioEnergy += Number(report['totalAudioEnergy'] ?? 0)
      }
    }
    return sum
  })
}

/** Waits until `read` satisfies `enough`; returns the milliseconds that it took. */
export async function until<T>(read: () => Promise<T>, enough: (value: T) => boolean, withinMs = 30_000): Promise<{ value: T; ms: number }> {
  const start = performance.now()
  for (;;) {
    const value = await read()
    const ms = Math.round(performance.now() - start)
    if (enough(value)) return { value, ms }
    if (ms > withinMs) throw new Error(`not within ${withinMs} ms; last seen ${JSON.stringify(value)}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** Signs a page in through its own form. */
export async function signIn(page: Page, demo: Demo, account: Account): Promise<void> {
  await page.goto(demo.url('/login'))
  await page.getByLabel('E-mail').fill(account.email)
  await page.getByLabel('Password').fill(account.password)
  await page.getByRole('main').getByRole('button', { name: 'Sign in' }).click()
  await page.waitForURL((url) => url.pathname !== '/login')
}
