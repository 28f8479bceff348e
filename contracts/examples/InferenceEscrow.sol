// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {IModelStatus} from "../interfaces/IModelStatus.sol";
import {Signatures} from "../libraries/Signatures.sol";
import {ModelGuarded} from "./ModelGuarded.sol";

/**
 * @title InferenceEscrow
 * @notice An example of a consumer: a client's money pays for a model's answers, and stops when the model is stopped.
 *
 * Problem. A client wants to pay a model's steward for each answer, but for no answer of a model that token holders
 * halted, and nobody wants a transaction for each answer.
 *
 * Solution. The client puts money down for one version of a model and signs vouchers: so many answers, from this
 * steward, so far. A voucher is paid while that version may run. What is not paid out goes back to the client.
 *
 * Decisions
 * - A voucher names its steward and counts that steward's answers alone: a transfer of the model neither takes an
 *   answer's pay from who gave it nor gives it to somebody else.
 * - Another version in force is another model: the voucher of the old one is not paid, and the client closes.
 * - The client waits `notice` after announcing the end, so that stewards can bring their vouchers, and never waits for
 *   a steward, a vote or the switch: closing asks none of them.
 *
 * Assumptions
 * - A steward stops answering when the end is announced, brings vouchers before the version changes, and knows that a
 *   halt may keep a voucher unpaid for good. A voucher signed by a contract (ERC-1271) is as good as its word.
 * - The token keeps what it is given; deposits of tokens that take a fee are refused.
 */
contract InferenceEscrow is ModelGuarded, EIP712 {
    using SafeERC20 for IERC20;

    struct Escrow {
        address client;
        uint32 version;
        /// When the client may take the rest (unix seconds), 0 before it announced the end.
        uint48 closesAt;
        uint256 modelId;
        /// What an answer costs, and what is left, in the token's smallest unit.
        uint256 price;
        uint256 balance;
    }

    bytes32 private constant _VOUCHER_TYPEHASH = keccak256("Voucher(uint256 escrow,address steward,uint64 answers)");
    uint256 private constant _CONTRACT_GAS = 250_000;

    /// @notice The token that pays.
    IERC20 public immutable token;
    /// @notice Time between the announcement of the end and the end (seconds).
    uint48 public immutable notice;
    /// @notice How many escrows were opened; they are numbered from 1.
    uint256 public escrowCount;

    mapping(uint256 escrow => Escrow) private _escrows;
    mapping(uint256 escrow => mapping(address steward => uint64)) private _settled;

    /// @notice A client put money down for a version's answers.
    event EscrowOpened(
        uint256 indexed escrow, address indexed client, uint256 indexed modelId, uint32 version, uint256 price
    );
    /// @notice Money was added.
    event EscrowFunded(uint256 indexed escrow, uint256 amount, uint256 balance);
    /// @notice A steward was paid for answers; `answers` counts all of its paid ones.
    event AnswersSettled(uint256 indexed escrow, address indexed steward, uint64 answers, uint256 amount);
    /// @notice The client announced the end; stewards bring their vouchers before it.
    event EscrowClosing(uint256 indexed escrow, uint48 closesAt);
    /// @notice The client took back what was left.
    event EscrowClosed(uint256 indexed escrow, uint256 amount);

    /// @notice Only the escrow's client may do this.
    error EscrowNotClient(uint256 escrow, address caller);
    /// @notice The end is announced already, so there is nothing to add or announce.
    error EscrowEnding(uint256 escrow, uint48 closesAt);
    /// @notice The end is not announced, or not reached.
    error EscrowNotEnded(uint256 escrow, uint48 closesAt);
    /// @notice The client did not sign this voucher.
    error VoucherInvalid(uint256 escrow, address steward, uint64 answers);
    /// @notice The voucher's answers are all paid.
    error VoucherSettled(uint256 escrow, address steward, uint64 settled);
    /// @notice The voucher is for more than what is left.
    error EscrowInsufficient(uint256 escrow, uint256 due, uint256 balance);
    /// @notice The token gave another amount than was deposited.
    error EscrowTokenNotKept(uint256 amount, uint256 received);

    constructor(IModelStatus models_, IERC20 token_, uint48 notice_)
        ModelGuarded(models_)
        EIP712("Tribune InferenceEscrow", "1")
    {
        token = token_;
        notice = notice_;
    }

    /// @notice Puts money down for answers of a version that may run now; the caller becomes the client.
    function open(uint256 modelId, uint32 version, uint256 price, uint256 amount)
        external
        whenVersionOperational(modelId, version)
        returns (uint256 escrow)
    {
        escrow = ++escrowCount;
        _escrows[escrow] = Escrow(msg.sender, version, 0, modelId, price, 0);
        emit EscrowOpened(escrow, msg.sender, modelId, version, price);
        _fund(escrow, amount);
    }

    /// @notice Adds money; the client alone, so that nobody keeps it from ending with a clean account.
    function fund(uint256 escrow, uint256 amount) external {
        _onlyClient(escrow);
        _fund(escrow, amount);
    }

    /// @notice Pays a steward what a voucher says beyond what was paid; anyone may bring it.
    /// @param answers How many answers of that steward the client has acknowledged in all.
    /// @param signature The client's over the voucher.
    function settle(uint256 escrow, address steward, uint64 answers, bytes calldata signature) external {
        Escrow storage record = _escrows[escrow];
        _checkOperational(record.modelId, record.version);
        bytes32 digest = hashVoucher(escrow, steward, answers);
        require(
            Signatures.isValid(record.client, digest, signature, _CONTRACT_GAS),
            VoucherInvalid(escrow, steward, answers)
        );
        uint64 settled = _settled[escrow][steward];
        require(answers > settled, VoucherSettled(escrow, steward, settled));
        uint256 due = (answers - settled) * record.price;
        require(due <= record.balance, EscrowInsufficient(escrow, due, record.balance));
        _settled[escrow][steward] = answers;
        record.balance -= due;
        emit AnswersSettled(escrow, steward, answers, due);
        token.safeTransfer(steward, due);
    }

    /// @notice Announces the end: after `notice` the client may take the rest.
    function announceEnd(uint256 escrow) external {
        _onlyClient(escrow);
        _notEnding(escrow);
        uint48 closesAt = uint48(block.timestamp) + notice;
        _escrows[escrow].closesAt = closesAt;
        emit EscrowClosing(escrow, closesAt);
    }

    /// @notice Gives the client what is left, and ends the escrow with all of its vouchers.
    function close(uint256 escrow) external {
        _onlyClient(escrow);
        Escrow storage record = _escrows[escrow];
        require(
            record.closesAt != 0 && block.timestamp >= record.closesAt, EscrowNotEnded(escrow, record.closesAt)
        );
        uint256 rest = record.balance;
        delete _escrows[escrow];
        emit EscrowClosed(escrow, rest);
        token.safeTransfer(msg.sender, rest);
    }

    /// @notice An escrow, all 0 if there is none or it ended.
    function escrowOf(uint256 escrow) external view returns (Escrow memory) {
        return _escrows[escrow];
    }

    /// @notice How many answers of a steward were paid.
    function settledOf(uint256 escrow, address steward) external view returns (uint64) {
        return _settled[escrow][steward];
    }

    /// @notice EIP-712 digest that the client signs: so many answers, from this steward, so far.
    function hashVoucher(uint256 escrow, address steward, uint64 answers) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(_VOUCHER_TYPEHASH, escrow, steward, answers)));
    }

    /// @dev Exactly the amount must arrive, whatever the token does or calls meanwhile.
    function _fund(uint256 escrow, uint256 amount) private {
        _notEnding(escrow);
        uint256 balance = _escrows[escrow].balance += amount;
        emit EscrowFunded(escrow, amount, balance);
        uint256 before = token.balanceOf(address(this));
        token.safeTransferFrom(msg.sender, address(this), amount);
        uint256 received = token.balanceOf(address(this)) - before;
        require(received == amount, EscrowTokenNotKept(amount, received));
    }

    function _onlyClient(uint256 escrow) private view {
        require(_escrows[escrow].client == msg.sender, EscrowNotClient(escrow, msg.sender));
    }

    function _notEnding(uint256 escrow) private view {
        uint48 closesAt = _escrows[escrow].closesAt;
        require(closesAt == 0, EscrowEnding(escrow, closesAt));
    }
}
