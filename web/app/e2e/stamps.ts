// Times between an act on one page and its sight on another, by the clock that all pages of this
// machine share.
import type { Locator, Page } from '@playwright/test'

/** Starts to watch for `selector` with `text` (or for its absence); resolves to the time of sight. */
export function sight(page: Page, selector: string, text: string | null): Promise<number> {
  return page.evaluate(
    ([selector, text]) =>
      new Promise<number>((resolve) => {
        const seen = (): boolean => {
          const element = document.querySelector(selector as string)
          return text === null ? element === null : (element?.textContent ?? '').includes(text as string)
        }
        const look = (): void => {
          if (!seen()) return
          observer.disconnect()
          resolve(performance.timeOrigin + performance.now())
        }
        const observer = new MutationObserver(look)
        observer.observe(document.body, { subtree: true, childList: true, characterData: true })
        look()
      }),
    [selector, text] as const,
  )
}

/** Clicks and returns the time at which the page itself got the click. */
export async function stampedClick(page: Page, target: Locator): Promise<number> {
  const clicked = page.evaluate(
    () => new Promise<number>((resolve) => window.addEventListener('click', () => resolve(performance.timeOrigin + performance.now()), { capture: true, once: true })),
  )
  await target.click()
  return clicked
}

/** Where screenshots go; the folder is not committed. */
export const shot = (name: string): string => `e2e/shots/${name}.png`
