// The description of frames that comes with AV1 (dependency descriptor). Chromium shows a stream of
// several picture sizes only with it, and offers it only when asked to.

interface Extension {
  uri: string
  direction: string
}

/** Not in TypeScript's library, and not in every browser. */
interface Extending {
  getHeaderExtensionsToNegotiate?(): Extension[]
  setHeaderExtensionsToNegotiate?(extensions: Extension[]): void
}

const DESCRIPTOR = 'dependency-descriptor'

/** Offers to take the description. Nothing happens where the browser has no say in that. */
export function wantDescriptor(section: object): void {
  const extending = section as Extending
  const extensions = extending.getHeaderExtensionsToNegotiate?.() ?? []
  const described = extensions.find(({ uri }) => uri.includes(DESCRIPTOR))
  if (!described) return
  described.direction = 'sendrecv'
  try {
    extending.setHeaderExtensionsToNegotiate?.(extensions)
  } catch {
    // What was offered before is still offered; every other stream plays without it.
  }
}
