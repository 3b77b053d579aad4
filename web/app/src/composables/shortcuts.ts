// Single-key shortcuts of a page. They rest while somebody types or a dialog is open.
import { onBeforeUnmount, onMounted } from 'vue'

export function useShortcuts(keys: Record<string, () => unknown>): void {
  function onKey(event: KeyboardEvent): void {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return
    const target = event.target as HTMLElement | null
    if (target?.closest('input, textarea, select, dialog, [contenteditable]')) return
    const act = keys[event.key.toLowerCase()]
    if (!act) return
    event.preventDefault()
    act()
  }
  onMounted(() => window.addEventListener('keydown', onKey))
  onBeforeUnmount(() => window.removeEventListener('keydown', onKey))
}
