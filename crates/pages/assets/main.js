// Only the components our templates use. Every page works without this file.
import { Button, ErrorSummary, NotificationBanner, SkipLink, createAll } from 'govuk-frontend'

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

for (const group of document.querySelectorAll('[data-module="app-provider"]')) {
  import(group.dataset.script).then(({ offerProviders }) => offerProviders(group))
}
