/**
 * The surroundings in which secrets and personal data reach a model: settings, code, logs, commands, data
 * and chat in several languages. `{}` is the place of the value, `NAME` that of a setting's name.
 */
import type { NationalIdName } from "./planted-personal.ts";
import type { SECRET_MAKERS } from "./planted-secrets.ts";

export interface Carrier {
  readonly template: string;
  /** The value is written as the inside of a JSON string, once or (JSON inside JSON) twice. */
  readonly escaped?: 1 | 2;
}

type SecretName = keyof typeof SECRET_MAKERS;

/** The names under which settings, code and JSON hold a secret of the kind. */
export const SECRET_NAMES: Readonly<Record<SecretName, readonly string[]>> = {
  "aws-access-key": ["AWS_ACCESS_KEY_ID", "accessKeyId", "aws_key"],
  "aws-secret-key": ["AWS_SECRET_ACCESS_KEY", "secretAccessKey", "aws_secret"],
  "gcp-key": ["GOOGLE_API_KEY", "mapsKey", "client"],
  "azure-key": ["AZURE_CONNECTION", "connectionString", "azure"],
  "github-token": ["GITHUB_TOKEN", "ghToken", "pat"],
  "gitlab-token": ["GITLAB_TOKEN", "ciJob", "deploy"],
  "slack-token": ["SLACK_BOT_TOKEN", "slack", "botToken"],
  "slack-webhook": ["SLACK_WEBHOOK_URL", "webhook", "notify"],
  "stripe-key": ["STRIPE_SECRET", "stripe", "billingKey"],
  "openai-key": ["OPENAI_API_KEY", "openai", "key"],
  "anthropic-key": ["ANTHROPIC_API_KEY", "claude", "key"],
  "npm-token": ["NPM_TOKEN", "registryAuth", "npm"],
  "sendgrid-key": ["SENDGRID_API_KEY", "mailKey", "sendgrid"],
  "homegrown-key": ["HOMEGROWN_API_KEY", "gateway", "key"],
  "private-key": ["TLS_KEY", "privateKey", "ssh"],
  jwt: ["SESSION", "jwt", "idToken"],
  "url-password": ["DATABASE_URL", "dsn", "upstream"],
  credential: [
    "DB_PASSWORD",
    "api_key",
    "clientSecret",
    "authToken",
    "SMTP_PASS",
    "secret_key",
    "passphrase",
  ],
};

/** Where only the password of an address is the secret. */
export const URLS: readonly string[] = [
  "postgres://app:{}@db-1.prod.acme.io:5432/orders?sslmode=require",
  "postgresql://reporting:{}@10.4.1.7/warehouse",
  "mysql://shop:{}@mysql.acme.io:3306/shop",
  "mongodb+srv://api:{}@cluster0.ab1cd.mongodb.net/main?retryWrites=true",
  "redis://:{}@cache.acme.io:6379/0",
  "amqp://worker:{}@mq.acme.io:5672/jobs",
  "https://ci-bot:{}@git.acme.io/platform/api.git",
];

/** Where an account's key, by its length, stands in what Azure calls a connection string. */
export const AZURE_STRINGS: Readonly<Record<number, string>> = {
  88: "DefaultEndpointsProtocol=https;AccountName=acmestore;AccountKey={};EndpointSuffix=core.windows.net",
  44: "Endpoint=sb://acme.servicebus.windows.net/;SharedAccessKeyName=Root;SharedAccessKey={}",
};

/** All the places of one measurement. */
export interface Surroundings {
  readonly secrets: readonly Carrier[];
  readonly requests: readonly Carrier[];
  readonly passwords: readonly Carrier[];
  readonly personal: Readonly<
    Record<"email" | "phone" | "credit-card" | "iban" | "ip-address", readonly Carrier[]>
  >;
  readonly nationalIds: Readonly<Record<NationalIdName, readonly Carrier[]>>;
}

/** Places for anything that a setting, a call or a sentence can hold. */
const SECRET_CARRIERS: readonly Carrier[] = [
  { template: "# production\nPORT=8080\nNAME={}\nLOG_LEVEL=info\n" },
  { template: 'export NAME="{}"\nnode server.js\n' },
  { template: "services:\n  api:\n    environment:\n      NAME: {}\n      REGION: eu-central-1\n" },
  { template: '{\n  "region": "eu-west-1",\n  "NAME": "{}",\n  "retries": 3\n}\n', escaped: 1 },
  { template: 'const settings = {\n  NAME: "{}",\n  timeoutMs: 5000,\n};\n', escaped: 1 },
  { template: "client = Client(NAME='{}', timeout=30)\nprint(client.ping())\n", escaped: 1 },
  { template: "2026-03-02T10:14:55Z ERROR upstream refused NAME={} status=401 trace=7f1c\n" },
  { template: "[default]\nregion = us-east-1\nNAME = {}\noutput = json\n" },
  { template: "Hi, our deployment fails with a 401. The NAME is {} - can you see what is wrong with it?" },
  { template: "Hallo, hier ist die Konfiguration, NAME: {} . Warum bekomme ich immer noch einen Fehler?" },
  { template: "Bonjour, j'ai mis NAME={} dans le fichier mais ça ne marche pas, une idée ?" },
  { template: "Hola, uso NAME: {} y el servidor responde 403. ¿Qué hago mal?" },
  { template: "设置如下：NAME={} 请帮我看看为什么报错" },
  { template: "```sh\nterraform apply -var 'NAME={}'\n```\nThat prints the plan.\n", escaped: 1 },
  { template: '{"role":"tool","arguments":"{\\"NAME\\":\\"{}\\",\\"dry_run\\":true}"}', escaped: 2 },
  { template: "Environment variables\n\n| name | value |\n|---|---|\n| NAME | `{}` |\n", escaped: 1 },
];

/** Places for tokens that a request carries. */
const REQUEST_CARRIERS: readonly Carrier[] = [
  { template: 'curl -s https://api.acme.io/v1/things \\\n  -H "Authorization: Bearer {}"\n' },
  { template: "GET /v1/items HTTP/1.1\nHost: api.acme.io\nAuthorization: Bearer {}\nAccept: */*\n" },
  { template: "fetch(url, { headers: { authorization: `Bearer {}` } });\n" },
];

/** Places for a password that a person chose or was given. */
const PASSWORD_CARRIERS: readonly Carrier[] = [
  { template: "I can't log in any more, my password is {} and it worked yesterday." },
  { template: "Mein Passwort lautet {} , bitte nicht weitergeben." },
  { template: "Le mot de passe est {} pour le compte admin." },
  { template: "La contraseña es {} y el usuario es marta." },
  { template: "A senha é {} e o login é admin." },
  { template: "我的密码是{}，请帮我登录" },
  { template: "パスワードは {} です。" },
  { template: "mysqldump --user=root --password={} shop > shop.sql\n" },
  { template: "CREATE USER app WITH PASSWORD '{}';\n" },
];

const PERSONAL_CARRIERS: Surroundings["personal"] = {
  email: [
    { template: "Best regards,\nAnna\n{}\nAcme GmbH\n" },
    { template: "Please send the invoice to {}, thanks!" },
    { template: "Schick die Rechnung bitte an {} und setz mich in Kopie." },
    { template: "Mon adresse est {}. Merci de me répondre vite." },
    { template: "我的邮箱是{}，请查收" },
    { template: "メールは {} までお願いします。" },
    { template: '{"user":{"id":17,"contact":"{}"},"ok":true}' },
    { template: "id,name,contact\n17,Anna,{}\n18,Bo,\n" },
    { template: "INSERT INTO users (id, mail) VALUES (17, '{}');\n" },
    { template: "10:14:55 INFO login ok user={} session=9f\n" },
    { template: '<a href="mailto:{}">write to us</a>' },
    { template: "From: Anna Klein <{}>\nSubject: offer\n" },
  ],
  phone: [
    { template: "Call me on {} after six." },
    { template: "Du erreichst mich unter {}, am besten abends." },
    { template: "Mon numéro : {}. Appelez avant midi." },
    { template: "Mi teléfono es {} y trabajo hasta las cinco." },
    { template: "电话：{}，随时联系" },
    { template: '{"name":"Anna","contact":"{}"}' },
    { template: "name,contact\nAnna,{}\nBo,\n" },
    { template: "Kind regards,\nAnna Klein\nT {}\nAcme Ltd\n" },
    { template: "sms sent to {} (queued, 160 characters)\n" },
    { template: "Anna Klein | {} | Vienna" },
  ],
  "credit-card": [
    { template: "My card {} was charged twice, please refund one." },
    { template: "Meine Karte {} wurde zweimal belastet." },
    { template: "Ma carte bancaire {} expire en 12/27." },
    { template: "La tarjeta es {} y caduca en mayo." },
    { template: '{"card_number":"{}","exp":"12/27","cvc":"123"}' },
    { template: "order,number,exp\n1001,{},12/27\n" },
    { template: "10:14:55 DEBUG payment request pan={} amount=12.50\n" },
    { template: "请用这张卡付款：{}" },
    { template: "{} exp 04/28, name on it is A Klein" },
  ],
  iban: [
    { template: "Please transfer the rent to {} by Friday." },
    { template: "Bitte überweise 320 Euro auf {} bis Freitag." },
    { template: "Virement à faire sur {} (loyer de mars)." },
    { template: "IBAN: {}\nBIC: COBADEFFXXX\n" },
    { template: '{"account":"{}","holder":"Anna Klein"}' },
    { template: "date,account,amount\n2026-03-01,{},320.00\n" },
    { template: "El número de cuenta es {}. Gracias." },
    { template: "<IBAN>{}</IBAN>" },
  ],
  "ip-address": [
    { template: '{} - - [02/Mar/2026:10:14:55 +0000] "GET / HTTP/1.1" 200 512\n' },
    { template: "Failed password for root from {} port 52144 ssh2\n" },
    { template: "My address is {} and the firewall blocks me." },
    { template: "Meine IP ist {}, bitte freischalten." },
    { template: '{"client_ip":"{}","path":"/login"}' },
    { template: "time,client\n10:14,{}\n" },
    { template: "Mon adresse IP : {} (depuis hier)." },
    { template: "X-Forwarded-For: {}\n" },
    { template: "ping {}\n" },
  ],
};

const NATIONAL_ID_CARRIERS: Surroundings["nationalIds"] = {
  "us-ssn": [
    { template: "My social security number is {}, is that enough?" },
    { template: '{"name":"Ann Lee","ssn":"{}"}' },
    { template: "Employee Ann Lee, {}, hired 2019." },
  ],
  "de-steuer-id": [
    { template: "Meine Steuer-ID lautet {} , reicht das?" },
    { template: "Steuerliche Identifikationsnummer: {}\n" },
    { template: '{"name":"Anna","steuer_id":"{}"}' },
  ],
  "fr-nir": [
    { template: "Mon numéro de sécurité sociale est {}." },
    { template: "nom,nir\nDubois,{}\n" },
    { template: "Dossier de Mme Dubois ({}) transmis hier." },
  ],
  "nl-bsn": [
    { template: "Mijn BSN is {}, kunt u dat nakijken?" },
    { template: "Burgerservicenummer: {}\n" },
    { template: '{"naam":"Jan","bsn":"{}"}' },
  ],
  "it-codice-fiscale": [
    { template: "Il mio codice fiscale è {}, grazie." },
    { template: "cliente;cf\nRossi;{}\n" },
    { template: "Fattura intestata a Rossi ({})." },
  ],
  "es-dni": [
    { template: "Mi DNI es {} y vivo en Sevilla." },
    { template: '{"nombre":"Marta","dni":"{}"}' },
    { template: "Documento de identidad: {}\n" },
  ],
  "br-cpf": [
    { template: "Meu CPF é {}, pode conferir?" },
    { template: "nome,cpf\nJoão,{}\n" },
    { template: "Pedido de João ({}) enviado." },
  ],
  "pl-pesel": [
    { template: "Mój PESEL to {}, proszę sprawdzić." },
    { template: "PESEL: {}\n" },
    { template: '{"imie":"Jan","pesel":"{}"}' },
  ],
};

/** The surroundings that the detectors were written against. */
export const KNOWN_SURROUNDINGS: Surroundings = {
  secrets: SECRET_CARRIERS,
  requests: REQUEST_CARRIERS,
  passwords: PASSWORD_CARRIERS,
  personal: PERSONAL_CARRIERS,
  nationalIds: NATIONAL_ID_CARRIERS,
};
