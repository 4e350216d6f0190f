// The longest and the shortest way through the questions about a person, and what belongs to both.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import { launch, newTab, press } from './browser.mjs'
import { teacherClients } from './details_states.mjs'
import { assertNoComplaints } from './page_rules.mjs'
import { PEOPLE } from './person.mjs'
import { Provider } from './processes.mjs'
import { RelyingService } from './relying_service.mjs'
import { Teacher, choose, nobody } from './teacher.mjs'

let browser, provider, service

before(async () => {
  service = await RelyingService.start()
  provider = await Provider.start({ clients: teacherClients(service) })
  await provider.knowsTheSamples()
  browser = await launch()
})

after(async () => {
  await browser?.close()
  await provider?.stop()
  await service?.stop()
})

const QUESTIONS = [
  'name',
  'previous-names',
  'preferred-name',
  'date-of-birth',
  'has-national-insurance-number',
  'national-insurance-number',
  'has-trn',
  'trn',
  'has-qts',
  'qts-provider',
]

function heading(page, text) {
  return page.getByRole('heading', { level: 1, name: text, exact: true }).waitFor()
}

/** What stands in each row of the answers. */
async function answersOn(page) {
  const rows = await page.locator('.govuk-summary-list__row').all()
  const texts = rows.map(async row => {
    const key = await row.locator('dt').innerText()
    return [key, await row.locator('.govuk-summary-list__value').innerText()]
  })
  return Object.fromEntries(await Promise.all(texts))
}

async function teacherAt(javaScript, said) {
  const teacher = new Teacher(await newTab(browser, { javaScript }), provider, service)
  teacher.said = said
  return teacher
}

function assertBackAtTheService(page) {
  assert.equal(new URL(page.url()).origin, service.address)
}

for (const javaScript of ['on', 'off']) {
  describe(`with JavaScript ${javaScript}`, () => {
    test('the longest way: every question, changes, and no record at the end', async () => {
      const teacher = await teacherAt(
        javaScript,
        nobody({
          previousNames: ['Byron', 'Wentworth'],
          number: 'ab 12 34 56 c',
          trn: 'RP76/54321',
          provider: 'upper wharfe',
        }),
      )
      const { last } = teacher.said
      const { page } = teacher
      await teacher.isAskedBy('trn-optional')

      const seen = await teacher.answersUpTo('qts-provider')
      assert.deepEqual([...seen, 'qts-provider'], QUESTIONS)
      await teacher.answers()
      await heading(page, 'Which of these is where you trained?')
      await choose(page, 'University of Upper Wharfe')
      await press(page, 'Continue')

      await heading(page, 'Check your answers')
      assert.deepEqual(await answersOn(page), {
        Name: `Josephine Wilhelmina ${last}`,
        'Previous names': 'Josephine Byron\n\nJosephine Wentworth',
        'Preferred name': `Josephine ${last}`,
        'Date of birth': '29 February 1988',
        'National Insurance number': 'AB 12 34 56 C',
        'Teacher reference number (TRN)': '7654321',
        'Qualified teacher status (QTS)': 'Yes',
        'Where you trained': 'University of Upper Wharfe',
      })

      await press(page, 'Change previous names')
      await press(page, 'Remove Josephine Byron')
      await press(page, 'Continue')
      await press(page, 'Change teacher reference number (TRN)')
      await press(page, 'Continue without it')
      await heading(page, 'Check your answers')
      const changed = await answersOn(page)
      assert.equal(changed['Previous names'], 'Josephine Wentworth')
      assert.equal(changed['Teacher reference number (TRN)'], 'Not provided')

      await press(page, 'Save and continue')
      await heading(page, 'We have to check your teaching record')
      await press(page, 'Continue')
      await heading(page, 'Account created')
      await press(page, 'Continue')
      assertBackAtTheService(page)
      assertNoComplaints(page)
      await page.context().close()
    })

    test('the shortest way: a match by the address ends the questions', async () => {
      const teacher = await teacherAt(javaScript, PEOPLE.chinwe)
      teacher.address = javaScript === 'on' ? 'chinwe@mail.example' : 'c.okonkwo@hill.sch.example'
      const { page } = teacher

      await teacher.isAskedBy('trn-required')
      const seen = await teacher.answersUpTo('check-answers')

      assert.deepEqual(seen, QUESTIONS.slice(0, 4))
      await page.context().close()
    })

    test('who gave a wrong answer changes it the next time they sign in, and is found', async () => {
      const who = javaScript === 'on' ? PEOPLE.ada : PEOPLE.benjamin
      const [day, month, year] = who.born
      const teacher = await teacherAt(javaScript, { ...who, born: [day, month, '1950'], trn: undefined })
      const { page } = teacher
      await teacher.isAskedBy('trn-required')
      await teacher.answersUpTo('check-answers')
      await press(page, 'Save and continue')
      await press(page, 'Go back to Apply for a qualification')

      await teacher.asksForACode({ client_id: 'trn-required', scope: 'openid email trn' })
      await teacher.typesTheCode()
      await heading(page, 'We have not found your teaching record yet')
      await press(page, 'Change your answers and try again')
      await heading(page, 'Check your answers')
      assert.equal((await answersOn(page))['Date of birth'].slice(-4), '1950')
      await press(page, 'Back')
      await heading(page, 'We have not found your teaching record yet')
      await press(page, 'Change your answers and try again')
      await press(page, 'Change date of birth')
      await page.getByLabel('Year').fill(year)
      await press(page, 'Continue')
      await heading(page, 'Check your answers')
      await press(page, 'Save and continue')

      await heading(page, 'We have found your TRN')
      await page.getByText(who.trn).waitFor()
      await press(page, 'Continue')
      assertBackAtTheService(page)
      assertNoComplaints(page)
      await page.context().close()
    })

    test('Back leads through the questions, and a change leads back to the answers', async () => {
      const teacher = await teacherAt(javaScript, nobody())
      const { page } = teacher
      await teacher.isAskedBy('profile-only', 'openid email profile')
      await teacher.answersUpTo('check-answers')

      for (const before of QUESTIONS.slice(0, 4).reverse()) {
        await press(page, 'Back')
        assert.equal(teacher.asked, before)
      }
      assert.equal(await page.getByLabel('First name', { exact: true }).inputValue(), 'Josephine')
      await press(page, 'Continue')
      assert.equal(teacher.asked, 'check-answers')
      await press(page, 'Change date of birth')
      await press(page, 'Back')
      assert.equal(teacher.asked, 'check-answers')
      assertNoComplaints(page)
      await page.context().close()
    })
  })
}

test('who gave their details once comes back in silence', async () => {
  const teacher = await teacherAt('on', nobody())
  const { page } = teacher
  await teacher.isAskedBy('trn-optional')
  await teacher.answersUpTo('check-answers')
  await press(page, 'Save and continue')
  await press(page, 'Continue')
  await press(page, 'Continue')
  assertBackAtTheService(page)

  await teacher.asksToSignIn({ client_id: 'trn-optional', scope: 'openid email trn' })

  assertBackAtTheService(page)
  await teacher.asksToSignIn({ client_id: 'trn-strict', scope: 'openid email trn' })
  assert.equal(teacher.asked, 'has-national-insurance-number')
  await page.context().close()
})

test('a service that requires a TRN is told why nobody comes', async () => {
  const teacher = await teacherAt('on', nobody())
  const { page } = teacher
  await teacher.isAskedBy('trn-required')
  await teacher.answersUpTo('check-answers')
  await press(page, 'Save and continue')
  await heading(page, 'We have not found your teaching record yet')

  await press(page, 'Go back to Apply for a qualification')

  const answer = new URL(page.url()).searchParams
  assert.equal(answer.get('error'), 'access_denied')
  assert.ok(answer.get('error_description'))
  await page.context().close()
})

test('a training provider is chosen with the keyboard from what is offered', async () => {
  const teacher = await teacherAt('on', nobody({ provider: 'upper wharfe' }))
  const { page } = teacher
  await teacher.isAskedBy('trn-optional')
  await teacher.answersUpTo('qts-provider')
  await choose(page, 'Through a university, school or school-centred training (SCITT)')
  await page.keyboard.press('Tab')

  await page.keyboard.type('wharfe upp')
  await page.getByRole('option', { name: 'University of Upper Wharfe' }).waitFor()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await press(page, 'Continue')

  await heading(page, 'Check your answers')
  assert.equal((await answersOn(page))['Where you trained'], 'University of Upper Wharfe')
  assertNoComplaints(page)
  await page.context().close()
})
