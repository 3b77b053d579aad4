// Words of the page's language for what the wire says: names, prices, problems, moments.
import { useI18n } from 'vue-i18n'
import { format, type Money } from '@/wire/money'
import type { Problem } from '@/wire/problem'
import type { Localized } from '@/wire/shop'

export interface Words {
  name(text: Localized): string
  price(value: Money): string
  number(value: number): string
  problem(problem: Problem): string
  moment(unixMs: number): string
}

export function useWords(): Words {
  const { t, te, locale } = useI18n()
  const tag = (): string => (locale.value === 'ko' ? 'ko-KR' : 'en-US')
  return {
    name: (text) => (locale.value === 'ko' ? text.ko || text.en : text.en || text.ko),
    price: (value) => format(value, tag()),
    number: (value) => new Intl.NumberFormat(tag()).format(value),
    moment: (unixMs) => new Intl.DateTimeFormat(tag(), { dateStyle: 'medium', timeStyle: 'short' }).format(unixMs),
    problem: (problem) => {
      const key = `problem.${problem.code}`
      if (problem.code === 'out_of_stock') {
        const left = Number(problem['available'] ?? 0)
        return t(key, { detail: left > 0 ? t('buy.onlyLeft', { n: left }) : '' }).trim()
      }
      const fields = problem.errors?.map((field) => field.detail).filter(Boolean).join(' ')
      const said = te(key, 'en') ? t(key) : t('problem.other', { code: problem.code })
      return fields ? `${said} ${fields}` : said
    },
  }
}
