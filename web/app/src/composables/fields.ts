// What the server refused about single fields of a form, in words of the page's language, and the
// focus on the first of them.
import { computed, nextTick, type ComputedRef, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import type { Problem } from '@/wire/problem'

export interface FieldErrors {
  /** By the field's name, the last step of its pointer. */
  errors: ComputedRef<Record<string, string>>
  /** The problem, unless all that it says stands at fields of the form. */
  rest: ComputedRef<Problem | null>
}

/** `names` are the fields that the form has. */
export function useFieldErrors(problem: Ref<Problem | null>, names: readonly string[]): FieldErrors {
  const { t, te } = useI18n()
  const nameOf = (pointer: string): string => pointer.split('/').pop() ?? ''
  function say(name: string, code: string, detail: string): string {
    const key = [`field.${name}.${code}`, `field.${code}`].find((each) => te(each, 'en'))
    return key ? t(key, { n: /\d+/.exec(detail)?.[0] ?? '' }) : detail
  }
  const errors = computed(() => {
    const found: Record<string, string> = {}
    for (const { pointer, code, detail } of problem.value?.errors ?? []) {
      const name = nameOf(pointer)
      if (names.includes(name)) found[name] ??= say(name, code, detail)
    }
    return found
  })
  const rest = computed(() => {
    const said = problem.value
    const listed = said?.errors ?? []
    return said && listed.length > 0 && listed.every(({ pointer }) => names.includes(nameOf(pointer))) ? null : said
  })
  return { errors, rest }
}

/** Puts the focus on the first refused field of a form, once it is marked. */
export async function focusRefused(form: HTMLElement | null): Promise<void> {
  await nextTick()
  form?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus()
}
