// Offer and answer over HTTP, as WHIP and WHEP do it: POST the offer, take the answer and the
// address of the session, PATCH it to restart ICE, DELETE it at the end. The server learns
// addresses from the connectivity checks, so the offer goes out at once and nothing is trickled.
import { ApiError, refusal } from '@/api/http'
import { localProblem } from '@/wire/problem'
import { restartedAnswer, restartFragment } from './restart'

/** Longest wait for an answer. */
const ANSWER_MS = 8000

async function send(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, { ...init, signal: AbortSignal.timeout(ANSWER_MS) })
  } catch {
    throw new ApiError(localProblem('offline', 0))
  }
}

/** POSTs the connection's offer and applies the answer. Returns the session's address. */
export async function exchange(peer: RTCPeerConnection, url: string, bearer: string | null, munge = (sdp: string) => sdp): Promise<string> {
  const offer = await peer.createOffer()
  await peer.setLocalDescription({ type: 'offer', sdp: munge(offer.sdp ?? '') })
  const headers: Record<string, string> = { 'content-type': 'application/sdp', accept: 'application/sdp' }
  if (bearer !== null) headers['authorization'] = `Bearer ${bearer}`
  const response = await send(url, { method: 'POST', headers, body: peer.localDescription?.sdp ?? '' })
  if (response.status !== 201) throw new ApiError(await refusal(response))
  const location = response.headers.get('location')
  const answer = await response.text()
  const session = location ? new URL(location, new URL(url, window.location.href)).href : ''
  try {
    await peer.setRemoteDescription({ type: 'answer', sdp: answer })
  } catch (error) {
    endSession(session)
    throw error
  }
  return session
}

/**
 * Restarts ICE of a session whose connection is out of touch. When this throws, the connection is
 * as it was; an `ApiError` with a status says that the server does not know the session any more.
 */
export async function restartIce(peer: RTCPeerConnection, session: string): Promise<void> {
  const before = peer.remoteDescription?.sdp ?? ''
  const offer = await peer.createOffer({ iceRestart: true })
  await peer.setLocalDescription(offer)
  try {
    const headers = { 'content-type': 'application/trickle-ice-sdpfrag', 'if-match': '*' }
    const response = await send(session, { method: 'PATCH', headers, body: restartFragment(offer.sdp ?? '') })
    if (response.status !== 200) throw new ApiError(await refusal(response))
    const answer = restartedAnswer(before, await response.text())
    if (answer === null) throw new Error('the server said too little')
    await peer.setRemoteDescription({ type: 'answer', sdp: answer })
  } catch (error) {
    if (peer.signalingState === 'have-local-offer') await peer.setLocalDescription({ type: 'rollback' })
    throw error
  }
}

/** Ends a session on the server; works while the page unloads. */
export function endSession(session: string): void {
  if (session !== '') void fetch(session, { method: 'DELETE', keepalive: true }).catch(() => undefined)
}
