// Keys that a device makes: 128 random bits. `crypto.randomUUID` is missing on pages that are
// not a secure origin, as a shop on a local network; `getRandomValues` is not.
export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
