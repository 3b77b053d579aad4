// Korean and English. The first visit follows the browser; a choice is remembered.
import { createI18n } from 'vue-i18n'
import en from './en'
import ko from './ko'

export const LOCALES = ['ko', 'en'] as const
export type Locale = (typeof LOCALES)[number]

const STORED = 'souk.locale'

/** The locale for a first visit: Korean unless the browser asks for anything else first. */
export function preferred(stored: string | null, languages: readonly string[]): Locale {
  if (stored === 'ko' || stored === 'en') return stored
  const first = languages[0] ?? 'ko'
  return first.toLowerCase().startsWith('ko') ? 'ko' : 'en'
}

function stored(): string | null {
  try {
    return localStorage.getItem(STORED)
  } catch {
    return null
  }
}

export const i18n = createI18n({
  legacy: false,
  locale: preferred(stored(), navigator.languages ?? [navigator.language]) as Locale,
  fallbackLocale: 'en',
  messages: { ko, en },
})

document.documentElement.lang = i18n.global.locale.value

export function setLocale(locale: Locale): void {
  i18n.global.locale.value = locale
  document.documentElement.lang = locale
  try {
    localStorage.setItem(STORED, locale)
  } catch {
    // Private windows may keep nothing; the choice then lasts for this page.
  }
}
