// Publishers from outside as processes: FFmpeg, and libdatachannel in the way OBS uses it.
// FFMPEG names the binary; it must be of version 8 or later, with the WHIP muxer.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const HERE = dirname(fileURLToPath(import.meta.url))

/** Where to publish: an address and the stream key. */
export interface Ingest {
  whip: string
  stream_key: string
}

/** A running publisher. */
export class Publisher {
  private readonly output: string[] = []
  private readonly gone: Promise<number | null>

  constructor(
    readonly name: string,
    private readonly child: ChildProcess,
  ) {
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => this.output.push(chunk.toString()))
    this.gone = new Promise((resolve) => child.once('close', resolve))
  }

  /** What it has said so far. */
  log(): string {
    return this.output.join('')
  }

  running(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null
  }

  /** Asks it to leave, which both do by deleting their session; by force after a while. */
  async stop(): Promise<void> {
    if (!this.running()) return
    this.child.kill('SIGTERM')
    const force = setTimeout(() => this.child.kill('SIGKILL'), 5000)
    await this.gone
    clearTimeout(force)
  }
}

/** The FFmpeg to use; throws when there is none, because the tests mean nothing without it. */
export function ffmpegPath(): string {
  const path = process.env['FFMPEG']
  if (!path || !existsSync(path)) throw new Error(`FFMPEG must name an FFmpeg 8 or later (it is ${path ?? 'not set'}); cargo ci fetches one`)
  return path
}

const VIDEO = ['-c:v', 'libx264', '-profile:v', 'baseline', '-preset', 'ultrafast', '-tune', 'zerolatency', '-pix_fmt', 'yuv420p', '-g', '30', '-bf', '0', '-b:v', '800k']
const AUDIO = ['-c:a', 'libopus', '-ar', '48000', '-ac', '2', '-b:a', '64k']

/** A moving picture and a tone as inputs; `pace` is `-re` where they are to come in real time. */
function testPicture(width: number, height: number, pace: string[] = []): string[] {
  const picture = `testsrc2=size=${width}x${height}:rate=30`
  return [...pace, '-f', 'lavfi', '-i', picture, ...pace, '-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=48000']
}

/** FFmpeg pushing a test picture of this size, and a tone; `gop` is its keyframe interval in frames. */
export function startFfmpeg(to: Ingest, width: number, height: number, { gop = 30 } = {}): Publisher {
  const whip = ['-f', 'whip', '-authorization', to.stream_key, to.whip]
  const video = [...VIDEO, '-g', String(gop), '-keyint_min', String(gop), '-sc_threshold', '0']
  const child = spawn(ffmpegPath(), ['-hide_banner', '-nostdin', ...testPicture(width, height, ['-re']), ...video, ...AUDIO, ...whip], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  return new Publisher('FFmpeg', child)
}

/** A clip of a test picture of this size in a folder, for publishers that do not encode. */
export function drawClip(folder: string, width: number, height: number, kbps = 800): { video: string; audio: string } {
  const clip = { video: join(folder, `clip-${height}.h264`), audio: join(folder, `clip-${height}.ogg`) }
  const common = ['-hide_banner', '-loglevel', 'error', '-y', ...testPicture(width, height), '-t', '4']
  const rate = ['-b:v', `${kbps}k`, '-minrate', `${kbps}k`, '-maxrate', `${kbps}k`, '-bufsize', `${kbps}k`]
  const encoders = [
    ['-map', '0:v', ...VIDEO, ...rate, '-x264-params', 'slices=1:sliced-threads=0:repeat-headers=1', '-f', 'h264', clip.video],
    ['-map', '1:a', ...AUDIO, '-frame_duration', '20', '-f', 'ogg', clip.audio],
  ]
  for (const encoder of encoders) {
    const run = spawnSync(ffmpegPath(), [...common, ...encoder], { encoding: 'utf8' })
    if (run.status !== 0) throw new Error(`no clip: ${run.stderr}`)
  }
  return clip
}

/** libdatachannel pushing a clip, over and over; with lower videos, as layers of a simulcast. */
export function startLibdatachannel(to: Ingest, clip: { video: string; audio: string }, lower: string[] = []): Publisher {
  const child = spawn(process.execPath, [join(HERE, 'libdatachannel.mjs'), to.whip, to.stream_key, clip.video, clip.audio, ...lower], {
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  return new Publisher('libdatachannel', child)
}
