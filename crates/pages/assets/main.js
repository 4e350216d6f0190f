// Only the components our templates use. Every page works without this file.
import { Button, ErrorSummary, NotificationBanner, SkipLink, createAll } from 'govuk-frontend'
import { usePasskey } from './passkey.js'

createAll(Button, { preventDoubleClick: true })
createAll(ErrorSummary)
createAll(NotificationBanner)
createAll(SkipLink)

// A response that the relying service must receive as a POST (OAuth 2.0 Form Post Response
// Mode). Without JavaScript the person presses the form's button. Taken from the prototype,
// because a field named "submit" would hide the form's own method.
for (const form of document.querySelectorAll('form[data-submit-at-once]')) {
  HTMLFormElement.prototype.submit.call(form)
}

// While services are told in frames that the person has signed out: on when all have loaded, or
// after three seconds (OpenID Connect Front-Channel Logout 1.0 §3).
for (const link of document.querySelectorAll('a[data-module~="app-go-on"]')) {
  const goOn = () => window.location.replace(link.href)
  if (document.readyState === 'complete') {
    goOn()
  } else {
    window.addEventListener('load', goOn, { once: true })
    setTimeout(goOn, 3000)
  }
}

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
