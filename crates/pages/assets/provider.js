// Offers training providers while one types. Fetched by main.js on the one page that has such a
// field; without it the same field is searched when its form is sent.
import accessibleAutocomplete from 'accessible-autocomplete'

const MOST = 6

/** Puts an autocomplete in the place of the group's input, with the same name, label and hint. */
export async function offerProviders(group) {
  const response = await fetch(group.dataset.providers)
  const names = await response.json()
  const input = group.querySelector('input')
  const place = document.createElement('div')
  input.replaceWith(place)
  accessibleAutocomplete({
    element: place,
    id: input.id,
    name: input.name,
    defaultValue: input.value,
    minLength: 2,
    // Inline, it would push the button away from under the pointer that closes it.
    displayMenu: 'overlay',
    confirmOnBlur: false,
    showNoOptionsFound: false,
    source: (typed, offer) => offer(matching(names, typed)),
    tAssistiveHint: () => 'Names are offered while you type. Use the up and down arrow keys to review them.',
  })
  const described = document.getElementById(input.id)
  const both = [input.getAttribute('aria-describedby'), described.getAttribute('aria-describedby')]
  described.setAttribute('aria-describedby', both.join(' '))
}

/** The names that hold every word of what was typed, those that begin with it first. */
function matching(names, typed) {
  const text = folded(typed)
  const words = text.split(' ')
  const found = names.filter(name => words.every(word => folded(name).includes(word)))
  const begins = name => folded(name).startsWith(text)
  return [...found.filter(begins), ...found.filter(name => !begins(name))].slice(0, MOST)
}

function folded(text) {
  return text.toLowerCase().split(/[\s-]+/).join(' ').trim()
}
