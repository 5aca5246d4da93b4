// SPDX-License-Identifier: Apache-2.0
// usage: node cedar_wasm.js FOLDER...; prints a line of name=value pairs for each. The same requests as
// cedar_decisions.c, asked of the official engine through its preparsed API. It takes entities with each call: it is
// given only those that the request needs.
const fs = require('fs')
const path = require('path')
const cedar = require(path.join(process.env.CEDAR_WASM, '@cedar-policy/cedar-wasm/nodejs'))

const read = (folder, name) => fs.readFileSync(path.join(folder, name), 'utf8')
const microseconds = () => Number(process.hrtime.bigint()) / 1e3

function ask (request) {
  const answer = cedar.statefulIsAuthorized({ ...request, preparsedPolicySetId: 'p' })
  if (answer.type !== 'success') throw new Error(JSON.stringify(answer))
  return answer.response.decision[0]
}

for (const folder of process.argv.slice(2)) {
  const links = JSON.parse(read(folder, 'links.json'))
  const text = read(folder, 'policies.cedar')
  const policies = links.length === 0
    ? { staticPolicies: text }
    : {
        templates: { policy0: text },
        templateLinks: links.map((link, i) => ({ templateId: 'policy0', newId: 'link' + i, values: { '?principal': link.principal } }))
      }
  const start = microseconds()
  const parsed = cedar.preparsePolicySet('p', policies)
  const load = microseconds() - start
  if (parsed.type !== 'success') throw new Error(JSON.stringify(parsed).slice(0, 500))
  const requests = JSON.parse(read(folder, 'requests.json'))
  const decisions = requests.map(ask).join('')
  const times = []
  const end = microseconds() + 1e6
  for (let i = 0; times.length < 10 || microseconds() < end; i++) {
    const before = microseconds()
    ask(requests[i % requests.length])
    times.push(microseconds() - before)
  }
  times.sort((a, b) => a - b)
  console.log(`load_ms=${(load / 1e3).toFixed(2)} decision_ns=${(times[times.length >> 1] * 1e3).toFixed(0)} decisions=${decisions}`)
}
