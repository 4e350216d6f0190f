// Only the components our templates use. Every page works without this file.
import { Button, ErrorSummary, NotificationBanner, SkipLink, createAll } from 'govuk-frontend'
import { usePasskey } from './passkey.js'

createAll(Button, { preventDoubleClick: true })
createAll(ErrorSummary)
createAll(NotificationBanner)
createAll(SkipLink)

// These buttons do what only a script can, so they are hidden until one is there.
for (const button of document.querySelectorAll('[data-module="app-copy"]')) {
  const source = document.getElementById(button.dataset.copies)
  const status = document.getElementById(`${button.dataset.copies}-copied`)
  button.hidden = !navigator.clipboard
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(source.innerText.replace(/ /g, ''))
      status.textContent = 'Copied'
    } catch {
      status.textContent = 'Your browser did not allow this. Select the text and copy it.'
    }
  })
}
for (const button of document.querySelectorAll('[data-module="app-print"]')) {
  button.hidden = false
  button.addEventListener('click', () => window.print())
}

for (const group of document.querySelectorAll('[data-module="app-provider"]')) {
  import(group.dataset.script).then(({ offerProviders }) => offerProviders(group))
}

for (const form of document.querySelectorAll('form[data-module="app-passkey"]')) {
  usePasskey(form)
}
