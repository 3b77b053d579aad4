// RTP packets of H.264 with the header extensions that OBS puts on simulcast layers (RFC 6184 and
// RFC 8285): what libdatachannel would make, for a track to which packets are given ready.

const MAX_PAYLOAD = 1100
const FU_A = 28
const EXTENSION_MID = 1
const EXTENSION_RID = 2

/** One layer: its own SSRC, its own sequence numbers from 0 on, its name in every packet. */
export class Layer {
  constructor({ ssrc, payloadType, mid, rid }) {
    Object.assign(this, { ssrc, payloadType, mid, rid, sequence: 0 })
  }

  /** The packets of an access unit in Annex B form. */
  packets(unit, timestamp) {
    const payloads = nals(unit).flatMap((nal) => (nal.length <= MAX_PAYLOAD ? [nal] : fragments(nal)))
    return payloads.map((payload, at) => Buffer.concat([this.header(timestamp, at + 1 === payloads.length), payload]))
  }

  header(timestamp, marker) {
    const header = Buffer.alloc(20)
    header.writeUInt8(0x90, 0)
    header.writeUInt8((marker ? 0x80 : 0) | this.payloadType, 1)
    header.writeUInt16BE(this.sequence, 2)
    header.writeUInt32BE(timestamp >>> 0, 4)
    header.writeUInt32BE(this.ssrc, 8)
    header.writeUInt32BE(0xbede_0001, 12)
    header.set([EXTENSION_MID << 4, this.mid.charCodeAt(0), EXTENSION_RID << 4, this.rid.charCodeAt(0)], 16)
    this.sequence = (this.sequence + 1) & 0xffff
    return header
  }
}

/** The NAL units of an access unit, without start codes. */
function nals(unit) {
  const begins = []
  for (let at = 0; at + 3 < unit.length; at += 1) {
    if (unit[at] === 0 && unit[at + 1] === 0 && unit[at + 2] === 1) begins.push(at)
  }
  return begins.map((begin, index) => {
    let end = begins[index + 1] ?? unit.length
    // The zero before a start code of four bytes belongs to that start code.
    if (index + 1 < begins.length && unit[end - 1] === 0) end -= 1
    return unit.subarray(begin + 3, end)
  })
}

function fragments(nal) {
  const parts = []
  for (let at = 1; at < nal.length; at += MAX_PAYLOAD) {
    const end = Math.min(at + MAX_PAYLOAD, nal.length)
    const flags = (at === 1 ? 0x80 : 0) | (end === nal.length ? 0x40 : 0)
    parts.push(Buffer.concat([Buffer.from([(nal[0] & 0xe0) | FU_A, flags | (nal[0] & 0x1f)]), nal.subarray(at, end)]))
  }
  return parts
}
