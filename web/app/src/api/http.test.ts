import { describe, expect, it } from 'vitest'
import { refusal } from './http'

describe('refusals', () => {
  it('say that the codecs do not fit where the answer is an offer', async () => {
    const counter = new Response('v=0\r\n', { status: 406, headers: { 'content-type': 'application/sdp' } })
    expect(await refusal(counter)).toMatchObject({ code: 'codec_unsupported', status: 406 })
  })

  it('keep the words of a problem and when to come back', async () => {
    const body = JSON.stringify({ type: 'urn:souk:problem:busy', title: 'Busy', status: 503, code: 'busy' })
    expect(await refusal(new Response(body, { status: 503, headers: { 'retry-after': '2' } }))).toMatchObject({ code: 'busy', retry_after: 2 })
  })

  it('tell a broken server from a broken request', async () => {
    expect(await refusal(new Response('?', { status: 502 }))).toMatchObject({ code: 'unavailable' })
    expect(await refusal(new Response('?', { status: 400 }))).toMatchObject({ code: 'bad_request' })
  })
})
