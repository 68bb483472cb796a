#!/usr/bin/env node
// Prisma's query engine for LiteLLM where its binary cannot be downloaded: PRISMA_QUERY_ENGINE_BINARY names this file.
// The engine is Prisma's own, in its WASM build, which npm has; NODE_PATH says where. LiteLLM's client speaks GraphQL to
// it over HTTP, the WASM build the JSON protocol alone: what is between is translation. Enough for tests, and no more.
const fs = require('fs'), http = require('http'), path = require('path')
if (process.argv.includes('--version')) {
  console.log(`query-engine ${require('@prisma/engines-version').enginesVersion.split('.').pop()}`)
  process.exit(0)
}
const { parse } = require('graphql')
const { PrismaPg } = require('@prisma/adapter-pg')
const { bindAdapter } = require('@prisma/driver-adapter-utils')

const build = path.join(path.dirname(require.resolve('@prisma/client/package.json')), 'runtime', 'query_engine_bg.postgresql')
const wasm = require(`${build}.js`)
const compiled = new WebAssembly.Module(fs.readFileSync(`${build}.wasm`))
wasm.__wbg_set_wasm(new WebAssembly.Instance(compiled, { './query_engine_bg.js': wasm }).exports)
const datamodel = fs.readFileSync(process.env.PRISMA_DML_PATH, 'utf8')
const url = new URL(process.env.DATABASE_URL)
url.search = '' // parameters that Prisma knows and PostgreSQL does not
const engine = new wasm.QueryEngine(
  { datamodel, logLevel: 'error', logQueries: false, datasourceOverrides: {}, env: process.env, configDir: '.' },
  (line) => console.error(line),
  bindAdapter(new PrismaPg(new (require('pg').Pool)({ connectionString: url.href }))),
)

// The question: from GraphQL to the JSON protocol. A text for a column of JSON is JSON there, and here only if marked so.
const models = [...datamodel.matchAll(/^model (\w+) \{(.*?)^\}/gms)]
const columns = (body) => new Set([...body.matchAll(/^\s*(\w+)\s+Json\b/gm)].map((each) => each[1]))
const JSONS = Object.fromEntries(models.map(([, name, body]) => [name, columns(body)]))
const ACTION = /^(findUnique|findFirst|findMany|createOne|createMany|updateOne|updateMany|deleteOne|deleteMany|upsertOne|aggregate|groupBy)(.+?)(OrThrow)?$/
const marked = (found) => typeof found === 'string' ? { $type: 'Json', value: found }
  : found && 'set' in found ? { set: marked(found.set) } : found
function value(node, json) {
  switch (node.kind) {
    case 'IntValue': case 'FloatValue': return Number(node.value)
    case 'NullValue': return null
    case 'ListValue': return node.values.map((each) => value(each, json))
    case 'ObjectValue': return pairs(node.fields, json)
    default: return node.value
  }
}
const pairs = (nodes, json) => Object.fromEntries(nodes.map(({ name, value: node }) =>
  [name.value, json?.has(name.value) ? marked(value(node)) : value(node, json)]))
const selection = (set) => Object.fromEntries((set?.selections ?? []).map((node) =>
  [node.name.value, node.selectionSet ? query(node) : true]))
const query = (node, json) => ({ arguments: pairs(node.arguments, json), selection: selection(node.selectionSet) })
function asked({ query: text }) {
  const [node] = parse(text).definitions[0].selectionSet.selections
  const [, action, modelName, rest] = ACTION.exec(node.name.value) ?? [null, node.name.value]
  return { modelName, action: action + (rest ?? ''), query: query(node, JSONS[modelName]) }
}

// The answer: without the types, and under the name `result`. JSON is a text in a row of a model, and none in a raw one.
const raw = (each, type) => type === 'json' && typeof each === 'string' ? JSON.parse(each) : each
const plain = (found) => Array.isArray(found) ? found.map(plain)
  : found === null || typeof found !== 'object' ? found
  : '$type' in found ? plain(found.value)
  : found.columns && found.types && found.rows
    ? { ...found, rows: found.rows.map((row) => row.map((each, at) => raw(each, found.types[at]))) }
  : Object.fromEntries(Object.entries(found).map(([key, each]) => [key, plain(each)]))
const named = (found) => found.data ? { ...found, data: { result: plain(Object.values(found.data)[0]) } } : found

async function ask(body, transaction) {
  const { batch, transaction: together, ...one } = JSON.parse(body)
  const wanted = batch ? { batch: batch.map(asked), transaction: together ? {} : undefined } : asked(one)
  const found = JSON.parse(await engine.query(JSON.stringify(wanted), '{}', transaction))
  return JSON.stringify(found.batchResult ? { ...found, batchResult: found.batchResult.map(named) } : named(found))
}

function answer(where, body, transaction) {
  const [, area, id, end] = where.split('?')[0].split('/')
  if (area === 'status') return '{"status":"ok"}'
  if (area !== 'transaction') return ask(body, transaction)
  if (id === 'start') return engine.startTransaction(body, '{}')
  return end === 'commit' ? engine.commitTransaction(id, '{}') : engine.rollbackTransaction(id, '{}')
}

const server = http.createServer(async (request, response) => {
  try {
    const parts = []
    for await (const part of request) parts.push(part)
    const said = await answer(request.url, Buffer.concat(parts).toString(), request.headers['x-transaction-id'])
    response.setHeader('Content-Type', 'application/json').end(said)
  } catch (error) {
    console.error(error)
    response.writeHead(500).end(String(error))
  }
})
const port = Number(process.argv[process.argv.indexOf('-p') + 1])
engine.connect('{}').then(() => server.listen(port, 'localhost'))
for (const name of ['SIGINT', 'SIGTERM']) process.on(name, () => process.exit(0))
