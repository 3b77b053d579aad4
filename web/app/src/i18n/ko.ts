import type en from './en'

const ko: typeof en = {
  site: { skip: '본문으로 건너뛰기', home: '홈', orders: '주문', studio: '스튜디오', language: '언어', account: '계정' },
  common: {
    retry: '다시 시도', loading: '불러오는 중…', close: '닫기', copy: '복사', copied: '복사됨',
    viewers: '{n}명 시청 중', more: '더 보기',
  },
  home: {
    title: '지금 라이브', lead: '보고, 묻고, 바로 사는 라이브 쇼핑', empty: '지금은 라이브가 없어요',
    emptyHint: '방송이 시작되면 바로 여기에 나타납니다.', watch: '{title} 보기', goLive: '스튜디오에서 방송하기',
  },
  missing: { title: '없는 페이지예요', hint: '주소가 바뀌었거나 잘못 입력되었습니다.', home: '라이브 보러 가기' },
  account: {
    signIn: '로그인', signOut: '로그아웃', register: '회원가입', email: '이메일', password: '비밀번호', name: '닉네임',
    nameHint: '채팅에 표시되는 이름입니다.', passwordHint: '8자 이상 입력해 주세요.', noAccount: '처음이신가요?', haveAccount: '이미 계정이 있으신가요?',
    toBuy: '구매하려면 로그인해 주세요', toChat: '로그인하고 채팅하기', busy: '잠시만요…',
  },
  watch: {
    live: 'LIVE', offAir: '방송 전', connecting: '연결 중…', reconnecting: '연결이 끊겨 다시 연결하고 있어요…',
    waiting: '아직 방송 전이에요', waitingHint: '시작되면 자동으로 재생됩니다.', paused: '방송이 잠시 멈췄어요',
    pausedHint: '곧 자동으로 이어집니다.', ended: '종료된 방송입니다', missing: '없는 방송입니다',
    sound: '눌러서 소리 켜기', play: '눌러서 재생', mute: '소리 끄기', unmute: '소리 켜기', fallback: '보조 연결 중: 채팅과 구매는 그대로 됩니다',
    leave: '방송 나가기', player: '라이브 영상', about: '방송 정보', products: '상품', chat: '채팅',
    bag: '이 방송의 상품', bagCount: '상품 {n}개', empty: '아직 상품이 없어요', keys: 'B 구매 · C 채팅 · M 소리',
  },
  card: {
    no: '{n}번', pinned: '소개중', buy: '구매', price: '판매가', before: '정가', soldOut: '품절', left: '남은 수량 {n}개',
    waitingPay: '{n}명 결제 대기 중', held: '결제 중 {n}개', returned: '{n}개 돌아왔어요', added: '{n}개 추가',
    withdrawn: '{n}개 회수', announceSoldOut: '{name} 품절', announcePinned: '소개중: {name}, {price}', stock: '재고',
    notOpen: '판매 전', paused: '판매 일시 중지', closed: '판매 종료', soon: '오픈 예정', off: '{n}% 할인',
  },
  chat: {
    say: '메시지를 입력하세요…', send: '보내기', host: '호스트', admin: '관리자', empty: '첫 인사를 남겨 보세요.', latest: '최신 메시지',
    failed: '전송되지 않음', wait: '{n}초 후에 다시 보내 주세요',
  },
  buy: {
    title: '구매', quantity: '수량', less: '하나 줄이기', more: '하나 늘리기', limit: '1인 {n}개 한정',
    order: '{price} 결제', placing: '상품을 잡아 두는 중…', heldFor: '결제 시간 {time}',
    window: '결제', windowHint: '연습용 결제입니다. 실제로 돈이 나가지 않아요.', approve: '{price} 결제하기', decline: '거절',
    paying: '결제를 확인하고 있어요…', declined: '결제가 거절되었어요. 상품은 아직 잡혀 있습니다.', unknown: '결제사의 답을 기다리고 있어요. 계속 확인할게요.',
    expired: '결제 시간이 지났어요. 청구된 금액은 없습니다.', again: '다시 잡기', newPrice: '가격이 {price}(으)로 바뀌었어요.', acceptPrice: '새 가격으로 구매',
    receipt: '주문이 완료됐어요!', receiptHint: '결제가 끝났습니다.', number: '주문번호', seeOrder: '주문 보기', keepWatching: '계속 시청하기',
    announceReceipt: '결제 완료. 주문번호 {number}', onlyLeft: '남은 수량 {n}개', leave: '그만두기', later: '나중에 결제',
    laterHint: '시간이 끝날 때까지 주문에서 결제할 수 있어요.',
  },
  orders: {
    title: '주문', empty: '아직 주문이 없어요', emptyHint: '라이브에서 산 상품이 여기에 모입니다.', number: '주문 {number}', placed: '주문일', paid: '결제일', due: '결제 기한',
    total: '합계', watch: '방송으로 돌아가기',
    status: { pending_payment: '결제대기', paid: '결제완료', expired: '기한만료', cancelled: '취소' },
    payment: { none: '미결제', pending: '확인 중', paid: '결제완료', failed: '거절됨', integrity_failure: '확인 필요', refunded: '환불됨' },
  },
  studio: {
    title: '스튜디오', lead: '내 방송', newShow: '새 방송', showTitle: '방송 제목', create: '만들기', none: '아직 방송이 없어요',
    noneHint: '방송을 만들면 바로 시작할 수 있어요.', shop: '상점', shopName: '상점 이름', shopHint: '방송하려면 상점이 필요해요. 이름만 정하면 됩니다.',
    createShop: '상점 열기', watchPage: '시청 화면', end: '방송 종료', endSure: '방송을 완전히 끝낼까요? 시청자 연결이 끊깁니다.',
    source: '송출', camera: '카메라', encoder: 'OBS 또는 FFmpeg', preview: '카메라 미리보기', startCamera: '카메라 켜기', goLive: '방송 시작', stop: '중지',
    going: '방송을 시작하는 중…', onAir: '방송 중입니다', rate: '{n} Mbit/s', noCamera: '카메라를 쓸 수 없어요: {reason}', insecure: '카메라는 HTTPS 주소나 이 컴퓨터에서만 쓸 수 있어요.',
    takenOver: '다른 송출로 바뀌었거나 연결이 끊겼어요.',
    whip: 'WHIP 주소', key: '스트림 키', keyHidden: '끝자리 {hint}', keyNone: '아직 키가 없어요', rotate: '새 키 받기', rotateSure: '쓰던 키는 더 이상 쓸 수 없어요.',
    keyOnce: '한 번만 표시됩니다. 비밀번호처럼 보관하세요.', obs: 'OBS: 설정 → 방송 → WHIP, 서버에 주소를, Bearer 토큰에 키를 넣으세요.', ffmpeg: 'FFmpeg 8 이상',
    queue: '상품 목록', pin: '소개', unpin: '내리기', pinning: '올리는 중…', pinnedIn: '소개중 · {n} ms', addProduct: '상품 추가', fromShelf: '등록된 상품', newProduct: '새 상품',
    queueEmpty: '아직 방송에 상품이 없어요', nameKo: '이름 (한국어)', nameEn: '이름 (영어)', price: '가격 (원)', stock: '재고', picture: '그림', add: '추가',
    sale: '라이브 특가', noSale: '아직 특가가 없어요', newSale: '새 특가', salePrice: '특가 (원)', allocated: '수량', perBuyer: '1인 한도', hold: '결제 시간(초)', createSale: '특가 만들기',
    openSale: '열기', pauseSale: '일시 중지', closeSale: '마감', state: { draft: '준비', open: '판매 중', paused: '일시 중지', closed: '마감' },
    sold: '판매', held: '결제 중', plus: '{name} {n}개 더하기', minus: '{name} {n}개 빼기', shelfLeft: '창고 {n}개', include: '{name} 특가에 넣기', chat: '채팅',
  },
  problem: {
    offline: '서버에 연결할 수 없어요.', unexpected: '문제가 생겼어요.', internal: '서버에 문제가 생겼어요.', unauthenticated: '먼저 로그인해 주세요.',
    invalid_token: '로그인이 만료됐어요. 다시 로그인해 주세요.', invalid_credentials: '이메일 또는 비밀번호가 맞지 않아요.', email_taken: '이미 가입된 이메일이에요.',
    forbidden: '권한이 없어요.', not_found: '찾을 수 없어요.', out_of_stock: '품절됐어요. {detail}', per_buyer_limit: '1인 구매 한도를 넘었어요.',
    sale_not_open: '지금은 판매 중이 아니에요.', price_changed: '가격이 바뀌었어요.', payment_declined: '결제가 거절되었어요.', reservation_expired: '결제 시간이 지났어요.',
    stream_not_live: '방송 중이 아니에요.', stream_ended: '종료된 방송이에요.', publisher_conflict: '다른 송출과 겹쳐요. 잠시 후 다시 시도해 주세요.', rate_limited: '너무 빨라요. 잠시 후 다시 시도해 주세요.', busy: '접속이 몰리고 있어요. 다시 시도해 주세요.',
    unavailable: '지금은 이용할 수 없어요.', payment_provider_unavailable: '결제사가 응답하지 않아요.', validation_error: '입력한 내용을 확인해 주세요.',
    payment_amount_mismatch: '결제 금액이 주문과 달라요.', invalid_transition: '지금 상태에서는 할 수 없어요.', other: '처리하지 못했어요 ({code}).', reference: '문의 번호 {id}',
  },
}

export default ko
